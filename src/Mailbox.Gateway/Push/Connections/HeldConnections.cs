using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>All connections that this process holds, and what they share. Safe from any thread.</summary>
sealed class HeldConnections : IDisposable
{
    const double EndedInASecond = 100;

    readonly Pump[] _pumps;
    readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    uint _next;
    int _count;

    public HeldConnections(IOptions<GatewayOptions> options, GatewayMetrics metrics, TimeProvider time, ILogger<HeldConnections> log)
    {
        var pumps = options.Value.Pumps > 0 ? options.Value.Pumps : Math.Clamp(Environment.ProcessorCount / 2, 1, 4);
        _pumps = [.. Enumerable.Range(0, pumps).Select(_ => new Pump(time, options.Value.Coalesce))];
        Heartbeat = options.Value.Heartbeat;
        SlowAfter = options.Value.SlowAfter;
        Metrics = metrics;
        (Time, Timers) = (time, new(time));
        Log = log;
    }

    public TimeProvider Time { get; }

    public TimerWheel Timers { get; }

    public GatewayMetrics Metrics { get; }

    public ILogger Log { get; }

    public TimeSpan Heartbeat { get; }

    /// <summary>Random, so that connections that were opened together are not all written to together.</summary>
    public TimeSpan FirstHeartbeat => Heartbeat * (0.5 + Random.Shared.NextDouble() / 2);

    public TimeSpan SlowAfter { get; }

    public bool IsDraining { get; private set; }

    public int Count => Volatile.Read(ref _count);

    public Pump NextPump() => _pumps[Interlocked.Increment(ref _next) % (uint)_pumps.Length];

    public void Add(HeldConnection connection, TimeSpan due)
    {
        Timers.Set(connection, due);
        // A drain that began before the line above did not see this connection.
        if (IsDraining) Timers.Set(connection, TimeSpan.Zero);
        Metrics.Held(connection.Kind, 1);
        Interlocked.Increment(ref _count);
    }

    public void Remove(HeldConnection connection)
    {
        Timers.Remove(connection);
        Metrics.Held(connection.Kind, -1);
        if (Interlocked.Decrement(ref _count) == 0 && IsDraining) _empty.TrySetResult();
    }

    /// <summary>
    /// Ends every held connection, spread over <paramref name="over"/>, or over less where there are few, so that the clients that come back
    /// do not overrun the server that they find. No connection may be added after this.
    /// </summary>
    /// <returns>Completes when none is left.</returns>
    public Task DrainAsync(TimeSpan over)
    {
        IsDraining = true;
        Timers.Scatter(TimeSpan.FromSeconds(Math.Min(over.TotalSeconds, Count / EndedInASecond)));
        if (Count == 0) _empty.TrySetResult();
        return _empty.Task;
    }

    public void Dispose()
    {
        Timers.Dispose();
        foreach (var pump in _pumps) pump.Dispose();
    }
}

static partial class HeldConnectionsLog
{
    [LoggerMessage(2001, LogLevel.Error, "A held connection failed.")]
    public static partial void ConnectionFailed(this ILogger log, Exception fault);
}
