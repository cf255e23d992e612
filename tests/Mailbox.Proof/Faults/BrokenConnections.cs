using Mailbox.Proof.Network;

namespace Mailbox.Proof.Faults;

/// <summary>Every connection through the balancer ends at once.</summary>
sealed class BrokenConnections(Balancer balancer) : IFault
{
    public string Kind => "all connections broken";

    public Task<string> StrikeAsync(Random random, CancellationToken cancel)
    {
        balancer.Break();
        return Task.FromResult("through the balancer");
    }
}
