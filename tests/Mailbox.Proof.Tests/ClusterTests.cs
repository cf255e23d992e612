using Mailbox.Proof.Nodes;
using Xunit;

namespace Mailbox.Proof.Tests;

/// <summary>The proof in short: a silo and a gateway are killed, and a silo hangs. <c>bench/proof.sh</c> is the long form.</summary>
public sealed class ClusterTests(ITestOutputHelper output)
{
    const int Seed = 1;

    [Fact, Trait("Rule", "M5"), Trait("Rule", "G9")]
    public async Task Nothing_is_lost_by_a_cluster_of_which_a_silo_and_a_gateway_are_killed_and_a_silo_is_frozen()
    {
        using var script = new StringWriter();
        var report = await new ProofRun(Topologies.Of("cluster"), Seed, faults: 3, script) { Only = "kill -9 a|freeze a silo for up to 16 s" }.RunAsync(TestContext.Current.CancellationToken);

        output.WriteLine($"Seed {Seed}\n{script}\n{string.Join('\n', Markdown.Of("cluster", [report]))}");
        Assert.Empty(report.Findings);
        Assert.True(report.Deliveries > 300, $"only {report.Deliveries} deliveries were answered");
        Assert.True(report.ByGridClient > 100, $"only {report.ByGridClient} of them in .NET");
    }
}
