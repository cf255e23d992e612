namespace Mailbox.Gateway;

/// <summary>
/// Station 5: runs the held connections that have work, one after another, on one thread of the pool at a time. They write straight into
/// the server's pipes, which costs a third less than a task and a channel for each (docs/decisions/held-connections.md).
/// </summary>
sealed class Pump : IThreadPoolWorkItem, IDisposable
{
    // A round of fewer connections costs less than a pause could save.
    const int Crowd = 64;

    readonly TimeProvider _time;
    readonly TimeSpan _pause;
    readonly ITimer _resume;
    HeldConnection? _newest;
    int _running;

    /// <param name="pause">After a round of many connections: messages that arrive meanwhile share one write for each connection.</param>
    public Pump(TimeProvider time, TimeSpan pause)
    {
        (_time, _pause) = (time, pause);
        _resume = time.CreateTimer(static pump => ((Pump)pump!).Execute(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// To be called by whoever set <see cref="Work.Owned"/>, so that no connection is queued twice. The queue is a stack, which its one taker
    /// reverses: queueing costs one exchange and no memory. Safe from any thread.
    /// </summary>
    public void Enqueue(HeldConnection connection)
    {
        HeldConnection? newest;
        do connection.QueuedBefore = newest = Volatile.Read(ref _newest);
        while (Interlocked.CompareExchange(ref _newest, connection, newest) != newest);
        if (newest is null) Start();
    }

    void Start()
    {
        if (Interlocked.Exchange(ref _running, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute()
    {
        var (start, count) = (_time.GetTimestamp(), 0);
        while (TakeAll() is { } oldest)
        {
            for (HeldConnection? connection = oldest, newer; connection is not null; connection = newer, count++)
            {
                newer = connection.QueuedBefore;
                connection.QueuedBefore = null;
                connection.Run();
            }
            // Not while more of a message's connections may still be coming, unless that has no end.
            var isPauseDue = _pause > TimeSpan.Zero && (Volatile.Read(ref _newest) is null || _time.GetElapsedTime(start) >= _pause);
            if (count < Crowd || !isPauseDue) continue;
            _resume.Change(_pause, Timeout.InfiniteTimeSpan);
            return;
        }
        Volatile.Write(ref _running, 0);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _newest) is not null) Start();
    }

    /// <returns>The oldest, linked to the newer ones.</returns>
    HeldConnection? TakeAll()
    {
        HeldConnection? oldest = null;
        var connection = Interlocked.Exchange(ref _newest, null);
        while (connection is not null)
        {
            var before = connection.QueuedBefore;
            connection.QueuedBefore = oldest;
            oldest = connection;
            connection = before;
        }
        return oldest;
    }

    public void Dispose() => _resume.Dispose();
}
