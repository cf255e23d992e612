using Mailbox.Engine;

namespace Mailbox.Simulation;

/// <summary>A process: an engine whose writer steps when the simulation says so, or none while it is down.</summary>
sealed class Node(int number)
{
    public int Number => number;

    public MailboxEngine? Engine { get; set; }

    /// <summary>Counts its starts.</summary>
    public int Life { get; set; }

    /// <summary>Partitions that it is taking or giving up.</summary>
    public HashSet<int> Moving { get; } = [];

    public override string ToString() => $"node{number}.{Life}";
}
