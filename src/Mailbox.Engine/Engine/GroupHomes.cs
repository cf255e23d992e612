using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// A group's home is the partition of its name: what is done to the group gets its place in the group's order there (spec G5), and goes from there to the
/// partitions that have members. Where a log has one partition all of that is one step.
/// </summary>
static class GroupHomes
{
    const uint CopiesSeconds = 600;

    /// <summary>Sends a message to its group.</summary>
    /// <param name="key">For an answer that comes when other partitions have answered.</param>
    /// <returns>What came of it in the home itself, and the operation that the others are asked by; 0 for none.</returns>
    public static (SendResult Local, long Operation) Send(
        Batch batch, MailboxEngine engine, Partition home, Message message, HashSet<MailboxName> except, TimeSpan? idle, Durability durability,
        HashSet<LiveMailbox>? reached, ulong copy, SendKey? key)
    {
        var group = message.Group!.Value;
        // What goes to other partitions stands in the log, so a send is as durable as that in all of them.
        if (engine.Partitions.Count > 1) durability = Durability.Disk;
        var local = GroupSending.Send(batch, engine, home, message, except, idle, durability, reached, copy);
        if (!home.State.Channels.Homes.TryGetValue(group, out var known)) return (local, 0);
        var targets = known.Partitions.Keys.Where(partition => partition != home.Number).ToList();
        if (targets.Count == 0) return (local, 0);
        var operation = new SendPartition(message, [.. except], idle, copy, key);
        return (local with { Outcome = Outcome.Stored }, batch.Start(home, operation, new(local.Members, local.Stored, 0), targets));
    }

    /// <summary>Changes the members of a group.</summary>
    /// <returns>What came of it in the home itself, and the operations that the others are asked by.</returns>
    public static (OperationAnswer Local, List<long> Operations) Change(
        Batch batch, MailboxEngine engine, Partition home, GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, bool removesAll)
    {
        var operations = new List<long>();
        var known = home.State.Channels.Homes.GetValueOrDefault(group)?.Partitions.Keys.ToHashSet() ?? [];
        var hadMembers = known.Count > 0;
        var parts = PartsOf(engine.Partitions, known, add, remove, removesAll);
        OperationAnswer local = default;
        if (parts.Remove(home.Number, out var own))
        {
            local = Memberships.Apply(batch, engine, home, group, own);
            if (own.Add.Count > 0 && !known.Contains(home.Number)) batch.Do(home, new HomeChangedRecord(group, home.Number, HasMembers: true), Durability.Disk);
            if (local.Third == 0 && known.Contains(home.Number)) Clear(batch, engine, home, group, home.Number, 0);
        }
        if (parts.Count > 0) operations.Add(batch.Start(home, new MembersPartition(group, parts), local, [.. parts.Keys]));
        if (group == MailboxEvents.Group && !hadMembers && add.Count > 0) operations.Add(Subscribe(batch, engine, home, hasSubscribers: true));
        return (local, operations);
    }

    static Dictionary<int, MembersPart> PartsOf(
        PartitionTable partitions, HashSet<int> known, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, bool removesAll)
    {
        if (removesAll) return known.ToDictionary(static partition => partition, static _ => new MembersPart([], [], RemovesAll: true));
        var (added, removed) = (ByPartition(partitions, add), ByPartition(partitions, remove));
        var parts = new Dictionary<int, MembersPart>();
        foreach (var partition in added.Keys.Union(removed.Keys))
        {
            var joining = added.GetValueOrDefault(partition) ?? [];
            // A partition without members has none that could leave.
            if (joining.Count > 0 || known.Contains(partition)) parts.Add(partition, new(joining, removed.GetValueOrDefault(partition) ?? [], RemovesAll: false));
        }
        return parts;
    }

    static Dictionary<int, List<MailboxName>> ByPartition(PartitionTable partitions, IReadOnlyCollection<MailboxName> names)
    {
        var parts = new Dictionary<int, List<MailboxName>>();
        foreach (var name in names)
        {
            var number = PartitionTable.NumberOf(name.ToString(), partitions.Count);
            if (!parts.TryGetValue(number, out var list)) parts.Add(number, list = []);
            list.Add(name);
        }
        return parts;
    }

    /// <summary>A partition has no members of the group any more, unless something of the group has been passed to it since.</summary>
    public static void Clear(Batch batch, MailboxEngine engine, Partition home, GroupName group, int partition, long through)
    {
        if (!home.State.Channels.Homes.TryGetValue(group, out var known) || !known.Partitions.TryGetValue(partition, out var last) || last > through) return;
        batch.Do(home, new HomeChangedRecord(group, partition, HasMembers: false), Durability.Process);
        if (group == MailboxEvents.Group && known.Partitions.Count == 0) Subscribe(batch, engine, home, hasSubscribers: false);
    }

    /// <summary>The last member in a partition is gone with its mailbox: the home is told.</summary>
    public static void Emptied(Batch batch, MailboxEngine engine, Partition partition, GroupName group)
    {
        if (engine.Partitions.Count == 1) return;
        var home = PartitionTable.NumberOf(group.ToString(), engine.Partitions.Count);
        if (home == partition.Number) Clear(batch, engine, partition, group, home, 0);
        else batch.Start(partition, new EmptiedPartition(group, partition.State.Channels.From(home).Last), default, [home]);
    }

    /// <summary>Mailboxes that have a message of a request with several targets get no other copy.</summary>
    public static void NoteCopies(Batch batch, Partition partition, ulong copy, IReadOnlyList<Slot<Location>> mailboxes)
    {
        if (copy != 0 && mailboxes.Count > 0) batch.Do(partition, new CopiesRecord(copy, batch.NowSeconds + CopiesSeconds, mailboxes), Durability.Process);
    }

    static long Subscribe(Batch batch, MailboxEngine engine, Partition home, bool hasSubscribers)
    {
        batch.Do(home, new SubscribersKnownRecord(hasSubscribers), Durability.Disk);
        return batch.Start(home, new SubscribedPartition(hasSubscribers), default, [.. Enumerable.Range(0, engine.Partitions.Count).Where(number => number != home.Number)]);
    }
}
