using Mailbox.Proof.Nodes;

namespace Mailbox.Proof.Faults;

/// <summary>SIGKILL to a process, or to several at once; they are started again a moment later.</summary>
sealed class Kill(string what, IReadOnlyList<Node> nodes, RunClock clock) : IFault
{
    public string Kind => "kill -9 " + what;

    public int Count { get; init; } = 1;

    public async Task<string> StrikeAsync(Random random, CancellationToken cancel)
    {
        var struck = nodes.ToArray();
        random.Shuffle(struck);
        struck = struck[..Count];
        // What a server left behind must have noticed that it is gone, or the next one finds its memory in use.
        var pause = TimeSpan.FromMilliseconds(random.Next(1000, 4000));
        foreach (var node in struck) await node.KillAsync();
        await clock.PaceAsync(pause, cancel);
        foreach (var node in struck) node.Start();
        return $"{string.Join(", ", struck.Select(node => node.Name))}, started again after {pause.TotalSeconds:0.0} s";
    }
}
