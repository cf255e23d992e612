namespace Mailbox.Engine.Tests;

/// <summary>Time that passes when a test says so: a monotonic clock with its timers, and a wall clock that can be set apart from it.</summary>
sealed class FakeTime : TimeProvider
{
    readonly Lock _gate = new();
    readonly List<FakeTimer> _timers = [];
    DateTimeOffset _wall = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    long _stamp;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return _wall;
    }

    public override long GetTimestamp()
    {
        lock (_gate) return _stamp;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_gate) _timers.Add(timer);
        return timer;
    }

    /// <summary>Both clocks go on and timers that come due are called, in order.</summary>
    public void Advance(TimeSpan by)
    {
        var end = GetTimestamp() + by.Ticks;
        while (NextDue(end) is { } timer)
        {
            MoveTo(timer.Due);
            timer.Fire();
        }
        MoveTo(end);
    }

    /// <summary>Sets the wall clock forward or back; the monotonic one does not notice.</summary>
    public void StepWallClock(TimeSpan by)
    {
        lock (_gate) _wall += by;
    }

    public void Forget(FakeTimer timer)
    {
        lock (_gate) _timers.Remove(timer);
    }

    void MoveTo(long stamp)
    {
        lock (_gate)
        {
            if (stamp <= _stamp) return;
            _wall += TimeSpan.FromTicks(stamp - _stamp);
            _stamp = stamp;
        }
    }

    FakeTimer? NextDue(long end)
    {
        lock (_gate) return _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
    }
}
