namespace Mailbox.Gateway.Tests;

/// <summary>Time that goes on when a test says so. Timers run on the thread that moves it.</summary>
static class TestTime
{
    public static FakeTimeProvider Start() => new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>In steps of a quarter of a second, as a real clock comes past every timer. <see cref="FakeTimeProvider.Advance(TimeSpan)"/> leaps, as for a process that was stopped.</summary>
    public static void Pass(this FakeTimeProvider time, TimeSpan by)
    {
        var step = TimeSpan.FromMilliseconds(250);
        for (; by > TimeSpan.Zero; by -= step) time.Advance(by < step ? by : step);
    }
}
