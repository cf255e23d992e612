using Mailbox.Proof.Nodes;
using Xunit;

namespace Mailbox.Proof.Tests;

/// <summary>The proof in short: every fault of one process once. <c>bench/proof.sh</c> is the long form.</summary>
public sealed class SingleTests(ITestOutputHelper output)
{
    const int Seed = 1;
    const int Faults = 5;

    [Fact]
    public async Task Nothing_is_lost_by_one_process_whatever_happens_to_it()
    {
        using var script = new StringWriter();
        var report = await new ProofRun(Topologies.Of("single"), Seed, Faults, script).RunAsync(TestContext.Current.CancellationToken);

        output.WriteLine($"Seed {Seed}\n{script}\n{string.Join('\n', Markdown.Of("single", [report]))}");
        Assert.Empty(report.Findings);
        Assert.True(report.Deliveries > 500, $"only {report.Deliveries} deliveries were answered");
    }
}
