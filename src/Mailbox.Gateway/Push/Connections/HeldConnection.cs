using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Station 6: the response of an opened mailbox, until it ends. It has no thread, task or timer of its own, so that an idle reader costs
/// memory alone. Events post a bit of <see cref="Work"/>; the owner of the connection handles them.
/// </summary>
// The states. Exactly one owner may use the reader and the response; the bit Owned says that there is one. So nothing is locked but the
// record of a stalled flush, which the timer reads.
//
//                  first bit of Work                pump takes it
//     ┌──────┐     sets Owned       ┌────────┐                    ┌─────────┐   last byte flushed, Gone,     ┌──────────┐
//     │ idle │ ───────────────────▶ │ queued │ ─────────────────▶ │ running │   flush failed, or a fault     │ complete │
//     └──────┘                      └────────┘                    └─────────┘ ─────────────────────────────▶ └──────────┘
//        ▲                            ▲    ▲                       │ │ │   ▲
//        │ nothing to do:             │    │ MaxRounds, more to do │ │ │   │
//        │ Owned is cleared, unless a │    └───────────────────────┘ │ │   │ HoldAsync (the request's thread)
//        │ bit came in between        │                              │ │   │ Load has ended (its own thread): Read or Unavailable
//        └────────────────────────────┼──────────────────────────────┘ │   │
//                                     │ Flushed                        │   │
//                                ┌────┴─────┐  flush incomplete        │   │
//                                │ flushing │ ◀────────────────────────┤   │
//                                └──────────┘                          │   │
//                                ┌──────────┐  bodies are in the store │   │
//                                │ loading  │ ◀────────────────────────┘   │
//                                └────┬─────┘                              │
//                                     └────────────────────────────────────┘
//
// state     owner                                  leaves it by
// running   the pump's thread, or the request's    itself
//           or loader's own (RunAside)
// queued    the pump                               its turn
// flushing  the flush; the reader is slow          the flush's completion. After SlowAfter the timer aborts the response,
//                                                  which fails the flush
// loading   the load                               the load's completion
// idle      none                                   Read: the reader has something or has ended. Due, Drain: the timer. Gone: the client
//                                                  left. Answer: the client said something
//
// Bits that are posted while it is owned wait; each round takes all of them. The constructor sets Owned: until HoldAsync runs it
// nothing else can.
abstract class HeldConnection : IReaderSignal
{
    // A connection that always has more must not keep its pump from the others.
    const int MaxRounds = 4;

    // Each page read aside runs inside the one before.
    const int MaxPagesAside = 8;

    static readonly TimeSpan s_whileDraining = TimeSpan.FromSeconds(1);

    [ThreadStatic]
    static List<Received>? s_received;

    /// <summary>How deep this thread is in <see cref="RunAside"/>; 0 on a pump's.</summary>
    [ThreadStatic]
    static int s_aside;

    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly HeldConnections _held;
    readonly Pump _pump;
    int _work = (int)Work.Owned;
    CancellationTokenRegistration _left;
    IMailboxReader? _reader;

    // The flush that is awaited, and since when; -1 for none.
    ConfiguredValueTaskAwaitable<FlushResult>.ConfiguredValueTaskAwaiter _flush;
    Action? _flushed;
    long _stalledSince = -1;
    bool _isCutOff;

    protected HeldConnection(HeldConnections held, HttpContext http)
    {
        _held = held;
        _pump = held.NextPump();
        Http = http;
    }

    public abstract TransportKind Kind { get; }

    public bool IsComplete { get; private set; }

    /// <summary>Links of the <see cref="TimerWheel"/>; the slot is -1 while the connection is in none.</summary>
    public HeldConnection? WheelNext { get; set; }

    public HeldConnection? WheelPrevious { get; set; }

    public int WheelSlot { get; set; } = -1;

    /// <summary>Link of the <see cref="Pump"/>: the connection that was queued before this one.</summary>
    public HeldConnection? QueuedBefore { get; set; }

    protected HttpContext Http { get; }

    protected IMailboxReader Reader => _reader!;

    protected HeldConnections Held => _held;

    protected virtual PipeWriter Writer => Http.Response.BodyWriter;

    /// <summary>True where the response is one answer: a client that has ended its own side still gets it.</summary>
    protected virtual bool HasOneAnswer => false;

    /// <summary>Set with the last byte: the connection completes when that is flushed.</summary>
    protected bool IsLast { get; set; }

    /// <summary>The thread's own list, empty. Not to be kept across a flush.</summary>
    protected static List<Received> Received
    {
        get
        {
            var received = s_received ??= [];
            received.Clear();
            return received;
        }
    }

    /// <summary>Runs the connection until it ends. To be called once, by the request's handler.</summary>
    /// <param name="due">When <see cref="Work.Due"/> is posted first.</param>
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

    /// <summary>The client has left.</summary>
    public void Leave()
    {
        if (!HasOneAnswer) Reader.Close();
        Post(Work.Gone);
    }

    /// <summary>Safe from any thread.</summary>
    public void Post(Work work)
    {
        var before = (Work)Interlocked.Or(ref _work, (int)(work | Work.Owned));
        if ((before & Work.Owned) == 0) _pump.Enqueue(this);
    }

    /// <summary>Handles what was posted. To be called by the owner only. A fault ends this connection and no other.</summary>
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

    /// <returns>False where the connection is idle, flushing, loading or complete.</returns>
    bool RunOnce()
    {
        var work = (Work)Interlocked.And(ref _work, (int)Work.Owned) & ~Work.Owned;
        if ((work & Work.Flushed) != 0 && !EndFlush()) return false;
        if ((work & Work.Gone) == 0) return Step(work) && Interlocked.CompareExchange(ref _work, 0, (int)Work.Owned) != (int)Work.Owned;
        // The client may have ended its own side only (RFC 9293 section 3.6): it gets its answer, which marks nothing as read.
        if (HasOneAnswer && !IsLast) return Step(Work.Due);
        Complete();
        return false;
    }

    /// <summary>Writes what there is. Posts <see cref="Work.Read"/> to itself where there is more.</summary>
    /// <returns>False where the connection stays owned: it is flushing, loading or complete.</returns>
    protected abstract bool Step(Work work);

    protected Ending? EndingOf(ReadStatus status, Work work)
    {
        if (status == ReadStatus.Ended) return Reader.Ending;
        if ((work & Work.Unavailable) != 0) return Ending.Unavailable;
        return (work & Work.Drain) != 0 ? Ending.Draining : null;
    }

    /// <summary>Reads bodies from the store, off the pump: a store may block while it reads its disk.</summary>
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

    /// <summary>Runs it on a thread that is not the pump's and may wait for the store's disk.</summary>
    void RunAside()
    {
        s_aside++;
        Run();
        s_aside--;
    }

    /// <summary>
    /// Flushes; no other method does. A flush that does not complete at once means that the reader is slow (spec M17): the connection takes
    /// no further messages from the mailbox until it has.
    /// </summary>
    /// <returns>False where the connection stays owned.</returns>
    protected bool Flush()
    {
#pragma warning disable CA2012 // Awaited once, in EndFlush: there is no task for each connection that could await it.
        _flush = Writer.FlushAsync().ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
        if (_flush.IsCompleted) return EndFlush();
        SetStalled(_held.Timers.Now);
        _flush.UnsafeOnCompleted(_flushed ??= () =>
        {
            SetStalled(-1);
            Post(Work.Flushed);
            _pump.Enqueue(this);
        });
        return false;
    }

    bool EndFlush()
    {
        var isFlushed = false;
        try
        {
            isFlushed = !_flush.GetResult().IsCompleted;
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The connection is broken.
        }
        // The server accepts bytes for a client that has left, too, and drops them: they do not count as written.
        if (isFlushed && !_left.Token.IsCancellationRequested) NoteWritten();
        if (isFlushed && !IsLast) return true;
        Complete();
        return false;
    }

    protected virtual void NoteWritten() => Reader.Written();

    void SetStalled(long since)
    {
        lock (_completion) _stalledSince = since;
        // A drain has set the timer already: a connection that is written to all the time would put it off.
        if (!_held.IsDraining) _held.Timers.Set(this, since < 0 ? _held.Heartbeat : _held.SlowAfter);
    }

    /// <summary>
    /// Called by the <see cref="TimerWheel"/>: posts what is due, or ends a slow reader. Under the lock, because once the flush has
    /// completed the response may belong to the connection's next request. The lock is an object that exists anyway.
    /// </summary>
    /// <returns>When to call it again.</returns>
    public TimeSpan OnTimer()
    {
        lock (_completion)
        {
            if (_stalledSince < 0) Post(_held.IsDraining ? Work.Drain : Work.Due);
            else if (!_isCutOff && _held.Timers.Since(_stalledSince) >= _held.SlowAfter)
            {
                // The abort fails the flush, whose end completes the connection.
                _isCutOff = true;
                _held.Metrics.Ended(Ending.Slow);
                Http.Abort();
            }
        }
        return _held.IsDraining ? s_whileDraining : _held.Heartbeat;
    }

    void Fail(Exception fault)
    {
        _held.Log.ConnectionFailed(fault);
        if (!IsComplete) Http.Abort();
        Complete();
    }

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

/// <summary>Why a held connection is to run.</summary>
[Flags]
enum Work
{
    None = 0,

    /// <summary>The connection has an owner: see the drawing at <see cref="HeldConnection"/>.</summary>
    Owned = 1,

    /// <summary>The reader has something, or has ended.</summary>
    Read = 2,

    /// <summary>The timer fired: a heartbeat is due, or a poll has waited long enough.</summary>
    Due = 4,

    /// <summary>The client left.</summary>
    Gone = 8,

    /// <summary>The process shuts down.</summary>
    Drain = 16,

    /// <summary>The store could not be read.</summary>
    Unavailable = 32,

    /// <summary>The awaited flush has ended.</summary>
    Flushed = 64,

    /// <summary>A frame of the client is to be answered, or ends the connection.</summary>
    Answer = 128,
}

static class ReaderExtensions
{
    /// <summary>Takes as much as the reader's window admits.</summary>
    /// <returns>Why there is no more for now; never <see cref="ReadStatus.Read"/>.</returns>
    public static ReadStatus Drain(this IMailboxReader reader, List<Received> into)
    {
        ReadStatus status;
        do status = reader.TryRead(into);
        while (status == ReadStatus.Read);
        return status;
    }
}
