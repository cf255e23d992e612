using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Who is in a group, of the mailboxes of one partition (spec G2, G3).</summary>
static class Memberships
{
    /// <summary>Adds, then removes. Adding makes a mailbox that does not exist.</summary>
    /// <returns>How many joined and left, and how many members there are in the partition now.</returns>
    public static OperationAnswer Apply(Batch batch, MailboxEngine engine, Partition partition, GroupName group, MembersPart part)
    {
        var before = partition.Tables.Groups.Find(group);
        var added = new List<Slot<Location>>();
        // A name that stands twice is one membership.
        foreach (var name in part.Add.Distinct())
        {
            var mailbox = engine.Mailboxes.FindOrMake(batch, partition, name);
            if (before?.Contains(mailbox.Slot) != true) added.Add(mailbox.Slot);
        }
        var removed = new List<Slot<Location>>();
        if (part.RemovesAll)
        {
            for (var i = 0; i < before?.Count; i++) removed.Add(before[i]);
        }
        else
        {
            var joining = added.ToHashSet();
            foreach (var name in part.Remove.Distinct())
            {
                if (engine.Mailboxes.Find(batch, partition, name) is not { } mailbox) continue;
                if (before?.Contains(mailbox.Slot) == true || joining.Contains(mailbox.Slot)) removed.Add(mailbox.Slot);
            }
        }
        if (added.Count + removed.Count > 0) batch.Do(partition, new MembersChangedRecord(group, added, removed), Durability.Disk);
        return new(added.Count, removed.Count, partition.Tables.Groups.Find(group)?.Count ?? 0);
    }
}

/// <summary>A change of who is in a group, as the group's home plans it.</summary>
sealed class MembershipOperation(
    MailboxEngine engine, GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, Guid key = default, bool removesAll = false)
    : AnsweredOperation<MembersResult>
{
    List<long> _operations = [];

    public override void Plan(Batch batch)
    {
        Partition = engine.Partitions.Find(group);
        _operations = [];
        if (Partition is not { } home)
        {
            Planned = new(Outcome.NotOwner);
            return;
        }
        if (add.Count > 0 && batch.IsFull)
        {
            Planned = new(Outcome.StoreFull);
            return;
        }
        // An attempt that comes late, after the change was answered by another, must not undo what was answered since.
        if (key != default)
        {
            var id = KeyHasher.ChangeKeyOf(group, key);
            if (engine.Keys.Find(batch, home, id) is not null)
            {
                batch.Confirm(home);
                Planned = new(Outcome.Stored, 0, 0, home.Tables.Groups.Find(group)?.Count ?? 0);
                return;
            }
            engine.Keys.RememberUntil(batch, home, id, default, engine.Keys.EndOf(batch, null));
        }
        OperationAnswer local;
        if (engine.Partitions.Count == 1) local = Memberships.Apply(batch, engine, home, group, new([.. add], [.. remove], removesAll));
        else (local, _operations) = GroupHomes.Change(batch, engine, home, group, add, remove, removesAll);
        batch.Confirm(home);
        Planned = new(Outcome.Stored, local.First, local.Second, local.Third);
    }

    public override void Succeed(Batch batch)
    {
        if (_operations.Count == 0 || Partition is null or { IsFenced: true })
        {
            base.Succeed(batch);
            return;
        }
        var waiting = _operations.Count;
        foreach (var id in _operations)
        {
            engine.Channels.Start(Partition, id, answer =>
            {
                // The sum holds what the home itself has done; the operation that tells of subscribers answers nothing.
                if (answer is { } sum && id == _operations[0] && sum != default) Planned = new(Outcome.Stored, sum.First, sum.Second);
                else if (answer is null) Planned = new(Outcome.StoreFailed);
                if (Interlocked.Decrement(ref waiting) == 0) Complete(Planned);
            });
        }
    }

    protected override MembersResult Refuse(Outcome why) => new(why);
}
