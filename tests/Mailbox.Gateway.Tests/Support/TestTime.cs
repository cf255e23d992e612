namespace Mailbox.Gateway.Tests;

/// <summary>Time that goes on when a test says so.</summary>
static class TestTime
{
    public static FakeTimeProvider Start() => new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>
    /// In steps of a quarter of a second, as a real clock comes past every timer. <see cref="FakeTimeProvider.Advance(TimeSpan)"/> leaps, as for a process that was stopped.
    /// Returns when the timers that are due have run.
    /// </summary>
    public static void Pass(this FakeTimeProvider time, TimeSpan by)
    {
        var step = TimeSpan.FromMilliseconds(250);
        for (; by > TimeSpan.Zero; by -= step)
        {
            time.Advance(by < step ? by : step);
            time.AwaitTimers();
        }
    }

    /// <summary>
    /// The clock runs a timer on any thread that reads the time. If time goes on meanwhile, the timer's next period counts from the later time, and the turns between are lost:
    /// at the last step of a test for ever. A timer that is due now runs behind those that were due before.
    /// </summary>
    static void AwaitTimers(this FakeTimeProvider time)
    {
        var isReached = false;
        using var last = time.CreateTimer(_ => Volatile.Write(ref isReached, true), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref isReached), GatewayHost.Patience), "A timer does not return.");
    }
}
