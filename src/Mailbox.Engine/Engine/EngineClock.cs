namespace Mailbox.Engine;

/// <summary>
/// The time deadlines are made of. It follows the wall clock forward but never back: while the wall clock is behind, it goes on by
/// the monotonic one, so that a clock that steps back removes nothing early, now or once it is put right (spec M15). Thread-safe.
/// </summary>
sealed class EngineClock(TimeProvider time, DateTimeOffset notBefore)
{
    readonly Lock _gate = new();
    long _stamp = time.GetTimestamp();
    DateTimeOffset _now = Later(time.GetUtcNow(), notBefore);

    public DateTimeOffset Now
    {
        get
        {
            lock (_gate)
            {
                var stamp = time.GetTimestamp();
                _now = Later(time.GetUtcNow(), _now + time.GetElapsedTime(_stamp, stamp));
                _stamp = stamp;
                return _now;
            }
        }
    }

    static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
