namespace Mailbox.Engine.Tests;

/// <summary>From stored to live is one step under any interleaving (spec M9), and no signal is lost or given twice.</summary>
public sealed class InterleavingTests
{
    static bool IsLong => Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1";

    [Fact, Trait("Rule", "M9")]
    public void Two_messages_and_a_reader_in_every_order() => Exhaust(new(Messages: 2));

    [Fact, Trait("Rule", "M9")]
    public void A_reader_that_comes_back_in_every_order() => Exhaust(new(Messages: 1, Reopens: 1));

    [Fact, Trait("Rule", "M9")]
    public void A_replay_and_a_live_message_in_every_order() => Exhaust(new(Messages: 1, Before: 2));

    [Fact, Trait("Rule", "M5")]
    public void A_refused_batch_in_every_order() => Exhaust(new(Messages: 2, Failures: 1));

    [Theory, Trait("Rule", "M9")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Many_messages_readers_and_returns_in_random_orders(int seed)
    {
        for (var i = 0; i < (IsLong ? 10_000 : 250); i++)
        {
            var plot = new Plot(Messages: 8, Reopens: 3, Maintenances: 3, Watchers: 2, Failures: 2, Before: i % 4);
            Try(plot, Chooser.Random(seed * 1_000_000 + i), $"seed {seed}, run {i}");
        }
    }

    static void Exhaust(Plot plot)
    {
        var (choose, limit) = (Chooser.Exhaustive(), IsLong ? 100_000 : 4_000);
        do Try(plot, choose, "exhaustive");
        while (--limit > 0 && choose.Advance());
    }

    static void Try(Plot plot, Chooser choose, string how)
    {
        try
        {
            Interleaving.Run(plot, choose);
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"{plot}, {how}, choices {choose}: {fault.Message}", fault);
        }
    }
}
