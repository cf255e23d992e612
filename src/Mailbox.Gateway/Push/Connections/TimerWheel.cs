namespace Mailbox.Gateway;

/// <summary>
/// One timer for all held connections: heartbeats, waits, stalled flushes and the drain. A connection is in one slot at a time; slots are
/// a quarter of a second, so nothing is early and nothing later than that.
/// </summary>
sealed class Wheel : IDisposable
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

    public Wheel(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(
            static wheel => ((Wheel)wheel!).Turn(), this, TimeSpan.FromSeconds(1.0 / TicksPerSecond), TimeSpan.FromSeconds(1.0 / TicksPerSecond));
    }

    /// <summary>A moment for <see cref="Since"/>.</summary>
    public long Now => _time.GetTimestamp();

    public TimeSpan Since(long moment) => _time.GetElapsedTime(moment);

    /// <summary>Comes round to the connection after a time of at most 1,023 seconds, once.</summary>
    public void Move(HeldConnection connection, TimeSpan after)
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

    /// <summary>Comes round to every connection once within a time, spread evenly at random.</summary>
    public void Scatter(TimeSpan within)
    {
        lock (_lock)
        {
            var all = Enumerable.Range(0, Slots).SelectMany(slot => InSlot(_slots[slot])).ToList();
            foreach (var connection in all) Move(connection, within * Random.Shared.NextDouble());
        }
    }

    static IEnumerable<HeldConnection> InSlot(HeldConnection? first)
    {
        for (var connection = first; connection is not null; connection = connection.WheelNext) yield return connection;
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
        foreach (var connection in _due) ComeRound(connection);
        _due.Clear();
    }

    void ComeRound(HeldConnection connection)
    {
        var again = connection.ComeRound();
        // Ending a slow connection may have moved it already.
        Unlink(connection);
        Link(connection, again);
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
