namespace Mailbox.Engine.Tests;

sealed class FakeTimer(FakeTime time, Action call) : ITimer
{
    long _period;

    /// <summary>The time stamp at which it is called next.</summary>
    public long Due { get; private set; } = long.MaxValue;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : time.GetTimestamp() + dueTime.Ticks;
        _period = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
        return true;
    }

    public void Fire()
    {
        Due = _period == 0 ? long.MaxValue : Due + _period;
        call();
    }

    public void Dispose() => time.Forget(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
