namespace Mailbox.Gateway;

/// <summary>
/// A token that is cancelled when nothing has moved for a time, or by another token. The time can be suspended. Safe from any thread, but
/// for <see cref="Dispose"/>.
/// </summary>
sealed class ResettableTimeout : IDisposable
{
    readonly CancellationTokenSource _end;
    readonly CancellationTokenRegistration _cancelled;
    readonly TimeSpan _limit;
    bool _isSuspended;

    public ResettableTimeout(TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        _limit = limit;
        _end = new(limit, time);
        _cancelled = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _end);
    }

    public CancellationToken Token => _end.Token;

    /// <summary>The time counts from now.</summary>
    public void Reset()
    {
        if (!Volatile.Read(ref _isSuspended)) _end.CancelAfter(_limit);
    }

    /// <summary>Until <see cref="Resume"/> only the other token cancels.</summary>
    public void Suspend()
    {
        Volatile.Write(ref _isSuspended, true);
        _end.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <summary>The time counts again, from now.</summary>
    public void Resume()
    {
        Volatile.Write(ref _isSuspended, false);
        Reset();
    }

    public void Dispose()
    {
        _cancelled.Dispose();
        _end.Dispose();
    }
}
