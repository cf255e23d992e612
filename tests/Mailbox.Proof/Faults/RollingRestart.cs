using Mailbox.Proof.Network;
using Mailbox.Proof.Nodes;

namespace Mailbox.Proof.Faults;

/// <summary>One process after the other is stopped and started, each when the one before is ready.</summary>
sealed class RollingRestart(IReadOnlyList<Node> nodes, Readiness readiness, Workshop workshop) : IFault
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public string Kind => "rolling restart";

    public async Task<string> StrikeAsync(Random random, CancellationToken cancel)
    {
        foreach (var node in nodes)
        {
            await node.StopAsync();
            node.Start();
            if (await workshop.Clock.UntilAsync(() => readiness.AllAsync(cancel), s_patience, cancel)) continue;
            workshop.Findings.Add($"{node.Name} was not ready within {s_patience.TotalSeconds} s of its start");
        }
        return string.Join(", ", nodes.Select(node => node.Name));
    }
}
