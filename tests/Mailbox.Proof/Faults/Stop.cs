using Mailbox.Proof.Nodes;

namespace Mailbox.Proof.Faults;

/// <summary>SIGTERM to one process, which is started again when it has ended.</summary>
sealed class Stop(string what, IReadOnlyList<Node> nodes) : IFault
{
    public string Kind => "stop " + what;

    public async Task<string> StrikeAsync(Random random, CancellationToken cancel)
    {
        var node = nodes[random.Next(nodes.Count)];
        await node.StopAsync();
        node.Start();
        return node.Name;
    }
}
