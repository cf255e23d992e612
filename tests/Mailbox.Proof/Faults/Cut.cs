using Mailbox.Proof.Network;
using Mailbox.Proof.Nodes;

namespace Mailbox.Proof.Faults;

/// <summary>Nothing gets from one process to another for a while, nor back; everybody else reaches both.</summary>
sealed class Cut(string what, IReadOnlyList<Node> ones, IReadOnlyList<Node> others, TimeSpan longest, RunClock clock) : IFault
{
    static readonly TimeSpan s_notice = TimeSpan.FromSeconds(60);

    public string Kind => "cut " + what;

    public async Task<string> StrikeAsync(Random random, CancellationToken cancel)
    {
        var one = ones[random.Next(ones.Count)];
        var rest = others.Where(node => node != one).ToArray();
        var other = rest[random.Next(rest.Length)];
        var pause = longest * (0.3 + random.NextDouble() * 0.7);
        foreach (var node in (Node[])[one, other]) node.MayEnd(pause + s_notice);
        var link = new NodeLink(one, other);
        await link.CutAsync();
        await clock.PaceAsync(pause, cancel);
        await link.HealAsync();
        return $"{one.Name} from {other.Name}, {pause.TotalSeconds:0.0} s";
    }
}
