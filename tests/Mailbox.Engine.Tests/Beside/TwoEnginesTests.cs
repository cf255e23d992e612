namespace Mailbox.Engine.Tests;

/// <summary>One writer for each mailbox, whoever believes to own it (spec M3, M5, M9).</summary>
public sealed class TwoEnginesTests
{
    const int Steps = 120;

    static int Runs => Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1" ? 5_000 : 60;

    [Theory, Trait("Rule", "M5"), Trait("Rule", "M9")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Nothing_is_lost_or_doubled_between_two_engines(int seed)
    {
        for (var i = 0; i < Runs; i++)
        {
            var run = seed * 1_000_000 + i;
            if (Record.Exception(() => TwoEngines.Run(Chooser.Random(run), Steps)) is { } fault)
                throw new InvalidOperationException($"Seed {run}: {fault.Message}", fault);
        }
    }

    [Fact, Trait("Rule", "M5")]
    public void A_store_that_fences_nobody_off_is_found_out() =>
        Assert.Contains(Enumerable.Range(0, 60), run => Record.Exception(() => TwoEngines.Run(Chooser.Random(run), Steps, isLax: true)) is not null);
}
