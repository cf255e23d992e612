using Mailbox.Proof.Faults;
using Mailbox.Proof.Network;
using Mailbox.Proof.Nodes;

namespace Mailbox.Proof;

/// <summary>A grid that runs, behind its balancer.</summary>
sealed record Grid(Topology Topology, Balancer Balancer, Readiness Readiness)
{
    public IReadOnlyList<IFault> Faults() => Topology.Faults(Balancer, Readiness);

    public async Task<bool> IsReadyAsync(CancellationToken cancel) => await Readiness.AllAsync(cancel) && Balancer.IsReady;
}
