using Mailbox.Proof.Faults;
using Mailbox.Proof.Network;

namespace Mailbox.Proof.Nodes;

/// <summary>The processes of a grid, and what can go wrong with them.</summary>
abstract class Topology : IAsyncDisposable
{
    /// <summary>What the balancer is in front of.</summary>
    public abstract IReadOnlyList<Uri> Gateways { get; }

    /// <summary>Whatever can be asked whether it is ready.</summary>
    public abstract IReadOnlyList<Uri> Hosts { get; }

    /// <summary>Where backends in .NET get in; null where there is no cluster.</summary>
    public virtual ClientDoor? Door => null;

    public abstract Task StartAsync(CancellationToken cancel);

    public abstract IReadOnlyList<IFault> Faults(Balancer balancer, Readiness readiness);

    public abstract ValueTask DisposeAsync();
}
