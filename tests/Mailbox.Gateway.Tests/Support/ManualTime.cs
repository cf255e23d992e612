namespace Mailbox.Gateway.Tests;

/// <summary>Time that goes on when a test says so. Timers run on the thread that moves it.</summary>
sealed class ManualTime : TimeProvider
{
    readonly Lock _lock = new();
    readonly List<Timer> _timers = [];
    TimeSpan _elapsed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_lock) return _elapsed.Ticks;
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) + _elapsed;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_lock) _timers.Add(timer);
        return timer;
    }

    /// <summary>In steps of a quarter of a second, as a real clock would come past every timer.</summary>
    public void Advance(TimeSpan by)
    {
        var step = TimeSpan.FromMilliseconds(250);
        for (; by > TimeSpan.Zero; by -= step) Step(by < step ? by : step);
    }

    /// <summary>In one step, as for a process that was stopped meanwhile.</summary>
    public void Leap(TimeSpan by) => Step(by);

    void Step(TimeSpan by)
    {
        Timer[] due;
        lock (_lock)
        {
            _elapsed += by;
            due = [.. _timers.Where(timer => timer.Take(_elapsed))];
        }
        foreach (var timer in due) timer.Run();
    }

    sealed class Timer(ManualTime time, Action run) : ITimer
    {
        TimeSpan? _due;
        TimeSpan _period;

        public void Run() => run();

        public bool Take(TimeSpan now)
        {
            if (_due is null || _due > now) return false;
            _due = _period > TimeSpan.Zero ? now + _period : null;
            return true;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                _due = dueTime < TimeSpan.Zero ? null : time._elapsed + dueTime;
                _period = period;
            }
            return true;
        }

        public void Dispose()
        {
            lock (time._lock) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
