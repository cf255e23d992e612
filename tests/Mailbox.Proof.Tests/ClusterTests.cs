using Mailbox.Proof.Nodes;
using Xunit;

namespace Mailbox.Proof.Tests;

/// <summary>The proof in short: a silo and a gateway are killed, and a silo hangs. <c>bench/proof.sh</c> is the long form.</summary>
public sealed class ClusterTests(ITestOutputHelper output)
{
    const int Seed = 1;

    // Twice what docs/cluster.md says, for a machine with other work; a lease of the directory would make them 20 and 30 s.
    static readonly Dictionary<string, TimeSpan> s_longest = new()
    {
        ["kill -9 a silo"] = TimeSpan.FromSeconds(12),
        ["freeze a silo for up to 16 s"] = TimeSpan.FromSeconds(14),
    };

    [Fact, Trait("Rule", "M5"), Trait("Rule", "G9")]
    public async Task Nothing_is_lost_by_a_cluster_of_which_silos_and_a_gateway_fail_and_readers_go_on_in_seconds()
    {
        using var script = new StringWriter();
        var report = await new ProofRun(Topologies.Of("cluster"), Seed, faults: 3, script) { Only = "kill -9 a|freeze a silo for up to 16 s" }.RunAsync(TestContext.Current.CancellationToken);

        output.WriteLine($"Seed {Seed}\n{script}\n{string.Join('\n', Markdown.Of("cluster", [report]))}");
        Assert.Empty(report.Findings);
        foreach (var (kind, longest) in s_longest)
            Assert.InRange(Service.During(report.Audience, Assert.Single(report.Strikes, strike => strike.Kind == kind)).Longest, TimeSpan.Zero, longest);
        Assert.True(report.Deliveries > 300, $"only {report.Deliveries} deliveries were answered");
        Assert.True(report.ByGridClient > 100, $"only {report.ByGridClient} of them in .NET");
    }
}
