namespace Mailbox.Gateway;

/// <summary>
/// One timer for all held connections: heartbeats, the waits of polls, slow readers and the drain. A connection is in one slot at a time.
/// A slot is a quarter of a second wide: nothing fires early, and nothing later than that. Safe from any thread.
/// </summary>
sealed class TimerWheel : IDisposable
{
    const int TicksPerSecond = 4;
    const int Slots = 4096;

    readonly Lock _lock = new();
    readonly HeldConnection?[] _slots = new HeldConnection?[Slots];
    readonly List<HeldConnection> _due = [];
    readonly TimeProvider _time;
    readonly ITimer _timer;
    readonly long _start;
    long _turned;

    public TimerWheel(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        var tick = TimeSpan.FromSeconds(1.0 / TicksPerSecond);
        _timer = time.CreateTimer(static wheel => ((TimerWheel)wheel!).Turn(), this, tick, tick);
    }

    /// <summary>A timestamp for <see cref="Since"/>.</summary>
    public long Now => _time.GetTimestamp();

    public TimeSpan Since(long timestamp) => _time.GetElapsedTime(timestamp);

    /// <summary>Fires once, and replaces what was set before.</summary>
    /// <param name="after">At most 1,023 seconds.</param>
    public void Set(HeldConnection connection, TimeSpan after)
    {
        lock (_lock)
        {
            Unlink(connection);
            Link(connection, after);
        }
    }

    public void Remove(HeldConnection connection)
    {
        lock (_lock) Unlink(connection);
    }

    /// <summary>Fires once for every connection within a time, spread evenly at random.</summary>
    public void Scatter(TimeSpan within)
    {
        lock (_lock)
        {
            var all = new List<HeldConnection>();
            foreach (var first in _slots)
                for (var connection = first; connection is not null; connection = connection.WheelNext) all.Add(connection);
            foreach (var connection in all) Set(connection, within * Random.Shared.NextDouble());
        }
    }

    void Turn()
    {
        lock (_lock)
        {
            var now = TickNow();
            // After a long pause every slot is visited once.
            for (_turned = Math.Max(_turned, now - Slots); _turned < now;) Visit((int)(++_turned % Slots));
        }
    }

    // All are taken out before the first goes back: after a long pause its next slot may be this one.
    void Visit(int slot)
    {
        while (_slots[slot] is { } connection)
        {
            Unlink(connection);
            _due.Add(connection);
        }
        foreach (var connection in _due)
        {
            var again = connection.OnTimer();
            // Ending a slow connection may have set it already.
            Unlink(connection);
            Link(connection, again);
        }
        _due.Clear();
    }

    long TickNow() => (long)(_time.GetElapsedTime(_start).TotalSeconds * TicksPerSecond);

    void Link(HeldConnection connection, TimeSpan after)
    {
        if (connection.IsComplete) return;
        var ticks = Math.Clamp((long)Math.Ceiling(after.TotalSeconds * TicksPerSecond), 0, Slots - 2) + 1;
        var slot = (int)((Math.Max(TickNow(), _turned) + ticks) % Slots);
        connection.WheelSlot = slot;
        connection.WheelPrevious = null;
        connection.WheelNext = _slots[slot];
        if (_slots[slot] is { } first) first.WheelPrevious = connection;
        _slots[slot] = connection;
    }

    void Unlink(HeldConnection connection)
    {
        if (connection.WheelSlot < 0) return;
        if (connection.WheelPrevious is { } previous) previous.WheelNext = connection.WheelNext;
        else _slots[connection.WheelSlot] = connection.WheelNext;
        if (connection.WheelNext is { } next) next.WheelPrevious = connection.WheelPrevious;
        connection.WheelSlot = -1;
        connection.WheelNext = connection.WheelPrevious = null;
    }

    public void Dispose() => _timer.Dispose();
}
