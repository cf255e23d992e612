using Mailbox.Engine;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Mailbox.Simulation;

/// <summary>What the simulator has found (docs/found.md), each as the smallest test or as the seed that found it.</summary>
public sealed class FoundTests
{
    [Fact, Trait("Rule", "M15")]
    public void A_clock_that_has_seen_a_later_time_does_not_run_ahead_of_it()
    {
        var time = new TickingTime();
        var clock = new EngineClock(time);
        var begun = clock.Now;
        time.Advance(TimeSpan.FromSeconds(10));
        clock.Saw(begun + TimeSpan.FromSeconds(10));

        Assert.Equal(begun + TimeSpan.FromSeconds(10), clock.Now);
    }

    sealed class TickingTime() : FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
        public override long GetTimestamp() => GetUtcNow().Ticks;
    }
}
