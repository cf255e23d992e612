using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Mailbox.Gateway;

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
