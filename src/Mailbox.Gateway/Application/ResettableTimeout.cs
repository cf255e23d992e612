namespace Mailbox.Gateway;

/// <summary>Ends the waiting for an answer: when it takes too long, or when the client leaves.</summary>
sealed class Patience : IDisposable
{
    readonly CancellationTokenSource _end;
    readonly CancellationTokenRegistration _left;
    readonly TimeSpan _limit;
    bool _hasLimit = true;

    public Patience(TimeSpan limit, TimeProvider time, CancellationToken left)
    {
        _limit = limit;
        _end = new(limit, time);
        _left = left.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _end);
    }

    public CancellationToken Token => _end.Token;

    /// <summary>Something moved: the time counts from now.</summary>
    public void Renew()
    {
        if (Volatile.Read(ref _hasLimit)) _end.CancelAfter(_limit);
    }

    /// <summary>From now on only the client's leaving ends it.</summary>
    public void Lift()
    {
        Volatile.Write(ref _hasLimit, false);
        _end.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <summary>The time counts again, from now.</summary>
    public void Restore()
    {
        Volatile.Write(ref _hasLimit, true);
        Renew();
    }

    public void Dispose()
    {
        _left.Dispose();
        _end.Dispose();
    }
}
