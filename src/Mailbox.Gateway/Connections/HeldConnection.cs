using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Station 6: an opened mailbox's response that has not ended. It has no thread, task or timer of its own: whoever has something for it
/// posts a bit of <see cref="Work"/>, the first bit puts it in its pump's queue, and the pump runs it. Whoever set
/// <see cref="Work.Owned"/> owns the reader and the response until it is cleared, so nothing else here is locked.
/// </summary>
abstract partial class HeldConnection : IReaderSignal
{
    // A connection that always has more must let the others of its pump have their turn.
    const int MaxRounds = 4;

    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly HeldConnections _held;
    readonly Pump _pump;
    int _work = (int)Work.Owned;
    CancellationTokenRegistration _left;
    IMailboxReader? _reader;

    protected HeldConnection(HeldConnections held, HttpContext http)
    {
        _held = held;
        _pump = held.NextPump();
        Http = http;
    }

    protected HttpContext Http { get; }

    protected IMailboxReader Reader => _reader!;

    protected HeldConnections Held => _held;

    protected virtual PipeWriter Writer => Http.Response.BodyWriter;

    public abstract TransportKind Kind { get; }

    public bool IsComplete { get; private set; }

    /// <summary>Its response is one answer, and no stream that its client's leaving ends.</summary>
    protected virtual bool HasOneAnswer => false;

    /// <summary>Set once the last byte is written: the connection completes when it is flushed.</summary>
    protected bool IsLast { get; set; }

    /// <summary>The wheel's: its neighbours, and the slot that it is in or -1.</summary>
    public HeldConnection? WheelNext { get; set; }

    public HeldConnection? WheelPrevious { get; set; }

    public int WheelSlot { get; set; } = -1;

    /// <summary>The pump's: the connection that was queued before this one.</summary>
    public HeldConnection? QueuedBefore { get; set; }

    /// <summary>Runs the connection until it ends. Called once, by the request's handler.</summary>
    public Task HoldAsync(IMailboxReader reader, TimeSpan due)
    {
        _reader = reader;
        _held.Add(this, due);
        _left = ClientLeft.Of(Http).UnsafeRegister(static connection => ((HeldConnection)connection!).Leave(), this);
        Post(Work.Read);
        RunAside();
        return _completion.Task;
    }

    public void Ready() => Post(Work.Read);

    /// <summary>The client is gone.</summary>
    public void Leave()
    {
        if (!HasOneAnswer) Reader.Close();
        Post(Work.Gone);
    }

    public void Post(Work work)
    {
        var before = (Work)Interlocked.Or(ref _work, (int)(work | Work.Owned));
        if ((before & Work.Owned) == 0) _pump.Enqueue(this);
    }

    /// <summary>Called by the owner only. A fault ends this connection and no other.</summary>
    public void Run()
    {
        try
        {
            for (var round = 0; round < MaxRounds; round++)
                if (!RunOnce()) return;
            _pump.Enqueue(this);
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
    }

    /// <returns>False where there is nothing more to do, or the connection awaits something, or has completed.</returns>
    bool RunOnce()
    {
        var work = (Work)Interlocked.And(ref _work, (int)Work.Owned) & ~Work.Owned;
        if ((work & Work.Flushed) != 0 && !EndFlush()) return false;
        if ((work & Work.Gone) == 0) return Step(work) && Interlocked.CompareExchange(ref _work, 0, (int)Work.Owned) != (int)Work.Owned;
        // It may only have ended its side: then it still gets its answer, which marks nothing.
        if (HasOneAnswer && !IsLast) return Step(Work.Due);
        Complete();
        return false;
    }

    /// <summary>Writes what there is. Posts <see cref="Work.Read"/> to itself where there is more.</summary>
    /// <returns>False where the connection stays owned: it awaits something or has completed.</returns>
    protected abstract bool Step(Work work);

    void Fail(Exception fault)
    {
        _held.Log.ConnectionFailed(fault);
        if (!IsComplete) Http.Abort();
        Complete();
    }

    /// <summary>The four ways to get here: the last byte is flushed, the client left, it was too slow, the gateway failed.</summary>
    void Complete()
    {
        if (IsComplete) return;
        IsComplete = true;
        _left.Unregister();
        _held.Remove(this);
        Reader.Close();
        _completion.TrySetResult();
    }
}
