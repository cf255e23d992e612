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

    [Theory]
    [InlineData(3, "the clock of a node that takes a partition runs ahead")]
    [InlineData(23, "a question about another owner's mailbox fails the batch")]
    [InlineData(34, "what is in doubt is passed to another partition")]
    [InlineData(220, "an operation of a partition that was given up blocks its channel")]
    [InlineData(254, "compaction goes on when the partition has moved")]
    [InlineData(7412, "a target forgets an answer that is not recorded")]
    public void A_history_that_found_a_fault_breaks_no_rule_any_more(int seed, string fault)
    {
        var (trace, _, broken) = Simulation.Run(seed);

        Assert.True(broken is null, $"Seed {seed} ({fault}): {broken}{Environment.NewLine}{string.Join(Environment.NewLine, trace.TakeLast(60))}");
    }

    sealed class TickingTime() : FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
        public override long GetTimestamp() => GetUtcNow().Ticks;
    }
}
