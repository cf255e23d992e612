namespace Mailbox.Engine.Tests;

/// <summary>
/// From stored to live is one step under any interleaving (spec M9), and no signal is lost or given twice. Orders are tried one after the other, the last choice
/// changing first: the first thousands, or all of them in the long tests.
/// </summary>
public sealed class InterleavingTests(ITestOutputHelper output)
{
    const int First = 4_000;

    static bool IsLong => Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1";

    [Fact, Trait("Rule", "M9")]
    public void Two_messages_and_a_reader_in_thousands_of_orders() => TryOrders(new(Messages: 2));

    [Fact, Trait("Rule", "M9")]
    public void A_reader_that_comes_back_in_thousands_of_orders() => TryOrders(new(Messages: 1, Reopens: 1));

    [Fact, Trait("Rule", "M9")]
    public void A_replay_and_a_live_message_in_every_order() => Assert.True(TryOrders(new(Messages: 1, Before: 2)));

    [Fact, Trait("Rule", "M5")]
    public void A_refused_batch_in_thousands_of_orders() => TryOrders(new(Messages: 2, Failures: 1));

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

    /// <returns>Whether these were all.</returns>
    bool TryOrders(Plot plot)
    {
        var (choose, tried, isMore) = (Chooser.Exhaustive(), 0, true);
        while (isMore && (IsLong || tried < First))
        {
            Try(plot, choose, $"order {++tried}");
            isMore = choose.Advance();
        }
        output.WriteLine(isMore ? $"The first {tried} orders; there are more." : $"All {tried} orders.");
        return !isMore;
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
