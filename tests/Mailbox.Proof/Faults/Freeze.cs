using Mailbox.Proof.Nodes;

namespace Mailbox.Proof.Faults;

/// <summary>
/// SIGSTOP and later SIGCONT: a process that does nothing for a while and then goes on as if nothing had been. After a long pause the
/// others have declared it dead.
/// </summary>
sealed class Freeze(string what, IReadOnlyList<Node> nodes, TimeSpan longest, RunClock clock) : IFault
{
    static readonly TimeSpan s_notice = TimeSpan.FromSeconds(60);

    public string Kind => $"freeze {what} for up to {longest.TotalSeconds:0} s";

    public async Task<string> StrikeAsync(Random random, CancellationToken cancel)
    {
        var node = nodes[random.Next(nodes.Count)];
        var pause = longest * (0.5 + random.NextDouble() / 2);
        node.MayEnd(pause + s_notice);
        await node.FreezeAsync();
        await clock.PaceAsync(pause, cancel);
        await node.ThawAsync();
        return $"{node.Name}, {pause.TotalSeconds:0.0} s";
    }
}
