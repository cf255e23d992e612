using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// A part of all mailboxes and groups that this engine owns, and the frame that the batch being planned writes for it. Used in the writer's turn alone.
/// </summary>
/// <param name="claim">The log's number of the claim under which this engine owns it.</param>
sealed class Partition(PartitionState state, long claim)
{
    public int Number => State.Number;

    /// <summary>Never the same again once the partition has been given up: whoever names it in a request is answered by this owner or refused.</summary>
    public long Claim => claim;

    /// <summary>Replaced when the partition is loaded again.</summary>
    public PartitionState State { get; set; } = state;

    public MailboxTables<Location> Tables => State.Tables;

    public Frame Frame { get; } = new(state.Number);

    /// <summary>Another process has claimed it: it is about to be let go.</summary>
    public bool IsFenced { get; set; }

    public bool IsInBatch { get; set; }

    /// <summary>The address of the first body of <see cref="Frame"/>.</summary>
    public ulong BodiesAt { get; set; }

    public Message? LastBody { get; set; }

    public int LastBodyAt { get; set; }

    public int LastBodyBytes { get; set; }

    public void EndBatch()
    {
        (IsInBatch, LastBody) = (false, null);
        Frame.Clear();
    }
}

/// <summary>The partitions of a log, and which of them this engine owns. Changed in the writer's turn; read from any thread.</summary>
sealed class PartitionTable(int count)
{
    readonly Partition?[] _owned = new Partition?[count];

    public int Count => count;

    public Partition? this[int number]
    {
        get => Volatile.Read(ref _owned[number]);
        set => Volatile.Write(ref _owned[number], value);
    }

    public IEnumerable<Partition> Owned
    {
        get
        {
            for (var i = 0; i < count; i++)
                if (this[i] is { } partition) yield return partition;
        }
    }

    /// <summary>Null where it is not this engine's.</summary>
    public Partition? Find(MailboxName mailbox) => this[NumberOf(mailbox.ToString(), count)];

    /// <summary>The home of a group.</summary>
    public Partition? Find(GroupName group) => this[NumberOf(group.ToString(), count)];

    /// <summary>The partition of a name: FNV-1a of its characters, mixed. Every version and every process agrees on it for ever.</summary>
    public static int NumberOf(string name, int count)
    {
        if (count == 1) return 0;
        var hash = 14695981039346656037UL;
        foreach (var character in name) hash = (hash ^ character) * 1099511628211UL;
        hash ^= hash >> 32;
        return (int)((hash * 0x9E3779B97F4A7C15UL >> 33) % (ulong)count);
    }
}
