using System.Diagnostics;
using System.Globalization;
using Mailbox.Proof.Nodes;

namespace Mailbox.Proof.Network;

/// <summary>
/// Cuts the link between two processes of this machine: what either of them began to say to the other is dropped, both ways. Each process
/// has a user of its own, whose number marks the connections that it makes.
/// </summary>
sealed class NodeLink(Node one, Node other)
{
    /// <summary>From the start on, so that connections that exist at the cut are marked.</summary>
    public static Task MarkAsync(Node node) => MarkAsync("-A", node);

    public static Task UnmarkAsync(Node node) => MarkAsync("-D", node);

    public Task CutAsync() => RulesAsync("-A");

    public Task HealAsync() => RulesAsync("-D");

    static Task MarkAsync(string change, Node node) => IptablesAsync(
        "-t", "mangle", change, "OUTPUT", "-o", "lo", "-m", "owner", "--uid-owner", node.Mark!, "-p", "tcp",
        "-m", "conntrack", "--ctstate", "NEW", "-j", "CONNMARK", "--set-mark", node.Mark!);

    async Task RulesAsync(string change)
    {
        await RulesAsync(change, one, other);
        await RulesAsync(change, other, one);
    }

    /// <summary>Whoever has no mark begins no connection that matters.</summary>
    static async Task RulesAsync(string change, Node from, Node to)
    {
        if (from.Mark is null) return;
        foreach (var port in to.Ports.Select(port => port.ToString(CultureInfo.InvariantCulture)))
        {
            await DropAsync(change, from.Mark, "--dport", port);
            await DropAsync(change, from.Mark, "--sport", port);
        }
    }

    static Task DropAsync(string change, string mark, string side, string port) =>
        IptablesAsync("-t", "mangle", change, "INPUT", "-i", "lo", "-p", "tcp", side, port, "-m", "connmark", "--mark", mark, "-j", "DROP");

    static async Task IptablesAsync(params string[] arguments)
    {
        using var iptables = Process.Start("iptables", ["-w", .. arguments]);
        await iptables.WaitForExitAsync();
        if (iptables.ExitCode != 0) throw new InvalidOperationException($"iptables {string.Join(' ', arguments)} ended with {iptables.ExitCode}.");
    }
}
