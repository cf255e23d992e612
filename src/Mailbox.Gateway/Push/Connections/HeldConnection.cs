using System.IO.Pipelines;
using System.Runtime.CompilerServices;
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

/// <summary>Why a held connection is to run. <see cref="Owned"/> is set while it waits for a pump, runs, or awaits a flush or a load.</summary>
[Flags]
enum Work
{
    None = 0,
    Owned = 1,

    /// <summary>The reader has something, or has ended.</summary>
    Read = 2,

    /// <summary>The wheel came round: a heartbeat is due, or a poll has waited long enough.</summary>
    Due = 4,

    /// <summary>The client left.</summary>
    Gone = 8,

    /// <summary>The process shuts down.</summary>
    Drain = 16,

    /// <summary>The store could not be read.</summary>
    Unavailable = 32,

    /// <summary>The flush that was awaited has ended.</summary>
    Flushed = 64,

    /// <summary>What the client said is to be answered, or ends the connection.</summary>
    Answer = 128,
}

/// <content>Stations 4 and 6: what the connection takes from its reader.</content>
abstract partial class HeldConnection
{
    // Each page read aside runs inside the one before.
    const int MaxPagesAside = 8;

    [ThreadStatic]
    static List<Received>? s_received;

    /// <summary>How deep this thread is in <see cref="RunAside"/>; 0 on a pump's.</summary>
    [ThreadStatic]
    static int s_aside;

    /// <summary>The thread's own list, empty; not kept across a flush.</summary>
    protected static List<Received> Received
    {
        get
        {
            var received = s_received ??= [];
            received.Clear();
            return received;
        }
    }

    protected ReadStatus ReadInto(List<Received> taken)
    {
        ReadStatus status;
        do status = Reader.TryRead(taken);
        while (status == ReadStatus.Read);
        return status;
    }

    protected Ending? EndingOf(ReadStatus status, Work work)
    {
        if (status == ReadStatus.Ended) return Reader.Ending;
        if ((work & Work.Unavailable) != 0) return Ending.Unavailable;
        return (work & Work.Drain) != 0 ? Ending.Draining : null;
    }

    /// <summary>Brings bodies from the store, off the pump: a store may block while it reads its disk.</summary>
    protected async void Load()
    {
        try
        {
            if (s_aside is 0 or > MaxPagesAside) await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await Reader.LoadAsync().ConfigureAwait(false);
            Post(Work.Read);
        }
        catch (Storage.StoreException)
        {
            Post(Work.Unavailable);
        }
        catch (Exception fault)
        {
            Fail(fault);
            return;
        }
        RunAside();
    }

    /// <summary>Runs it on a thread that is not the pump's, and may wait for the store's disk.</summary>
    void RunAside()
    {
        s_aside++;
        Run();
        s_aside--;
    }
}

/// <content>Stations 6 and 7: what is written is flushed, and a reader that takes nothing is cut off (spec M17).</content>
abstract partial class HeldConnection
{
    static readonly TimeSpan s_whileDraining = TimeSpan.FromSeconds(1);

    long _stalledSince = -1;
    bool _isCutOff;
    Action? _flushed;
    ConfiguredValueTaskAwaitable<FlushResult>.ConfiguredValueTaskAwaiter _flush;

    /// <summary>The one place that flushes. A flush that does not complete at once means that the reader is slow (spec M17): its letters wait in the mailbox.</summary>
    /// <returns>False where the connection stays owned.</returns>
    protected bool Flush()
    {
#pragma warning disable CA2012 // Awaited once, in EndFlush: there is no task for each connection that could await it.
        _flush = Writer.FlushAsync().ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
        if (_flush.IsCompleted) return EndFlush();
        SetStalled(_held.Wheel.Now);
        _flush.UnsafeOnCompleted(_flushed ??= ResumeAfterFlush);
        return false;
    }

    void ResumeAfterFlush()
    {
        SetStalled(-1);
        Post(Work.Flushed);
        _pump.Enqueue(this);
    }

    bool EndFlush()
    {
        var flushed = IsFlushed();
        // What is flushed for a client that has left goes nowhere: the server takes it all the same.
        if (flushed && !_left.Token.IsCancellationRequested) NoteWritten();
        if (flushed && !IsLast) return true;
        Complete();
        return false;
    }

    protected virtual void NoteWritten() => Reader.Written();

    bool IsFlushed()
    {
        try
        {
            return !_flush.GetResult().IsCompleted;
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    void SetStalled(long since)
    {
        lock (_completion) _stalledSince = since;
        // A drain has told when to come round: a connection that is always being written to would put it off.
        if (!_held.IsDraining) _held.Wheel.Move(this, since < 0 ? _held.Heartbeat : _held.SlowAfter);
    }

    /// <summary>
    /// Called by the wheel. Under the lock, because the response may belong to the next request once its flush has completed; the lock is
    /// an object that is there anyway.
    /// </summary>
    /// <returns>When to come round again.</returns>
    public TimeSpan ComeRound()
    {
        lock (_completion)
        {
            if (_stalledSince < 0) Post(_held.IsDraining ? Work.Drain : Work.Due);
            else if (!_isCutOff && _held.Wheel.Since(_stalledSince) >= _held.SlowAfter) CutOff();
        }
        return _held.IsDraining ? s_whileDraining : _held.Heartbeat;
    }

    /// <summary>It completes when the flush that it awaits has noticed.</summary>
    void CutOff()
    {
        _isCutOff = true;
        _held.Metrics.Ended(Ending.Slow);
        Http.Abort();
    }
}
