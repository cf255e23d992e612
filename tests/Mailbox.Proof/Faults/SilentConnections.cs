using Mailbox.Proof.Network;

namespace Mailbox.Proof.Faults;

/// <summary>Every connection through the balancer loses all that is sent, and tells neither side.</summary>
sealed class SilentConnections(Balancer balancer) : IFault
{
    public string Kind => "all connections silent";

    public Task<string> StrikeAsync(Random random, CancellationToken cancel)
    {
        balancer.Silence();
        return Task.FromResult("through the balancer; readers open again after 6 s of silence");
    }
}
