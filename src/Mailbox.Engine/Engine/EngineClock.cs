namespace Mailbox.Engine;

/// <summary>
/// The time deadlines are made of. It follows the wall clock forward but never back: while the wall clock is behind, it goes on by
/// the monotonic one, so that a clock that steps back removes nothing early, now or once it is put right (spec M15). Thread-safe.
/// </summary>
sealed class EngineClock(TimeProvider time)
{
    readonly Lock _gate = new();
    long _stamp = time.GetTimestamp();
    DateTimeOffset _now = time.GetUtcNow();

    public DateTimeOffset Now
    {
        get
        {
            lock (_gate) return Advance();
        }
    }

    /// <summary>From now on no time is before this one: a log that was loaded has seen it.</summary>
    public void Saw(DateTimeOffset seen)
    {
        // What has elapsed until now must not be added to it later: the clock would stay ahead for good.
        lock (_gate) _now = Later(Advance(), seen);
    }

    DateTimeOffset Advance()
    {
        var stamp = time.GetTimestamp();
        _now = Later(time.GetUtcNow(), _now + time.GetElapsedTime(_stamp, stamp));
        _stamp = stamp;
        return _now;
    }

    static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
