using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Finds mailboxes for the rules, makes them, removes them, and keeps the list of those that are in use. Used in the writer's turn alone.
/// </summary>
sealed class LiveMailboxes(MailboxEngine engine, EngineOptions options)
{
    readonly List<LiveMailbox> _all = [];
    // One for all mailboxes that were told nothing else.
    readonly MailboxOptions _defaults = options.Mailbox;
    readonly MailboxOptions _visitors = options.Mailbox with { Idle = options.VisitorIdle };

    public int Count => _all.Count;

    public IReadOnlyList<LiveMailbox> All => _all;

    /// <summary>Null where it does not exist, or no longer: one that is due is removed here, before anything else happens to it.</summary>
    public LiveMailbox? Find(Batch batch, Partition partition, MailboxName name) =>
        partition.Tables.Find(name) is { } slot ? Use(batch, partition, slot) : null;

    public LiveMailbox FindOrMake(Batch batch, Partition partition, MailboxName name) =>
        Find(batch, partition, name) ?? Make(batch, partition, name);

    /// <summary>The live part of a mailbox; null where the mailbox is due, and was removed.</summary>
    public LiveMailbox? Use(Batch batch, Partition partition, Slot<Location> slot)
    {
        var mailbox = slot.Live ?? Install(new(partition, slot));
        if (mailbox.IsDue(batch.NowMilliseconds))
        {
            Remove(batch, mailbox, MailboxEventKind.Expired);
            return null;
        }
        mailbox.UsedAt = batch.NowMilliseconds;
        return mailbox;
    }

    LiveMailbox Make(Batch batch, Partition partition, MailboxName name)
    {
        var told = name.IsVisitor ? _visitors : _defaults;
        var deadline = batch.NowMilliseconds + (long)told.Idle.TotalMilliseconds;
        var slot = new Slot<Location>(name, partition.State.NewEpoch(), told);
        batch.Do(partition, new MailboxMadeRecord(slot, Lifetime.StoredDeadline(deadline, told.Idle)), Durability.Disk);
        batch.Tell(name, MailboxEventKind.Opened);
        var mailbox = Install(new(partition, slot) { Deadline = deadline, UsedAt = batch.NowMilliseconds });
        batch.Touch(mailbox);
        return mailbox;
    }

    LiveMailbox Install(LiveMailbox mailbox)
    {
        mailbox.ListIndex = _all.Count;
        _all.Add(mailbox);
        mailbox.Slot.Live = mailbox;
        return mailbox;
    }

    /// <summary>Removes a mailbox with its queue and memberships (spec M15, M18).</summary>
    public void Remove(Batch batch, LiveMailbox mailbox, MailboxEventKind why)
    {
        // Before the record, which takes the entries out: readers wait for the batch.
        lock (mailbox) mailbox.IsGone = true;
        var groups = mailbox.State.Groups;
        batch.Do(mailbox.Partition, new MailboxRemovedRecord(mailbox.Slot), Durability.Disk);
        foreach (var group in groups)
            if (mailbox.Partition.Tables.Groups.Find(group) is null) GroupHomes.Emptied(batch, engine, mailbox.Partition, group);
        TakeOut(mailbox);
        batch.NoteRemoved(mailbox, Ending.Deleted);
        batch.Tell(mailbox.Name, why);
    }

    /// <summary>Gives the memory of a live part back; the stored state has all that it needs.</summary>
    public void Evict(LiveMailbox mailbox)
    {
        lock (mailbox) mailbox.IsGone = true;
        mailbox.Slot.Live = null;
        TakeOut(mailbox);
    }

    void TakeOut(LiveMailbox mailbox)
    {
        var last = _all[^1];
        _all[mailbox.ListIndex] = last;
        last.ListIndex = mailbox.ListIndex;
        _all.RemoveAt(_all.Count - 1);
    }

    /// <summary>After the partition was loaded again, or let go: each live part finds its mailbox, or ends.</summary>
    /// <param name="state">Null where the partition is not this engine's any more.</param>
    public void Relink(Partition partition, PartitionState? state, IReadOnlyList<(LiveMailbox Mailbox, Ending Why)> removed)
    {
        foreach (var (mailbox, _) in removed)
            if (mailbox.Partition == partition) PutBack(mailbox);
        for (var i = _all.Count - 1; i >= 0; i--)
        {
            var mailbox = _all[i];
            if (mailbox.Partition != partition) continue;
            if (state?.Tables.Find(mailbox.Name) is { } slot && slot.Epoch == mailbox.Epoch)
            {
                mailbox.Relink(slot);
                continue;
            }
            lock (mailbox) mailbox.IsGone = true;
            TakeOut(mailbox);
            foreach (var reader in mailbox.Readers.ToArray()) reader.End(Ending.Moved);
        }
    }

    void PutBack(LiveMailbox mailbox)
    {
        lock (mailbox) mailbox.IsGone = false;
        mailbox.ListIndex = _all.Count;
        _all.Add(mailbox);
    }
}
