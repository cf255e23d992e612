using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// The mailboxes and groups that this process owns and has in memory. Loads what is stored on first use and makes what is new.
/// Used in the writer's turn alone.
/// </summary>
sealed class MailboxTable(IMailboxStore store, EngineOptions options, Batch batch)
{
    readonly Dictionary<MailboxName, LiveMailbox> _byName = [];
    readonly Dictionary<GroupName, LiveGroup> _groups = [];
    readonly Dictionary<MailboxName, int> _acquired = [];
    readonly List<LiveMailbox> _all = [];
    // One for all mailboxes that were told nothing else.
    readonly MailboxOptions _defaults = options.Mailbox;
    readonly MailboxOptions _visitors = options.Mailbox with { Idle = options.VisitorIdle };

    public int Count => _all.Count;

    public IReadOnlyList<LiveMailbox> All => _all;

    public bool Owns(MailboxName name) => options.OwnsAll || _acquired.ContainsKey(name);

    /// <summary>Counted: whoever acquires releases.</summary>
    public void Acquire(MailboxName name) => _acquired[name] = _acquired.GetValueOrDefault(name) + 1;

    /// <returns>True where nobody else has acquired it: it is not this engine's any more, and is to be forgotten.</returns>
    public bool Release(MailboxName name)
    {
        if (_acquired.GetValueOrDefault(name) <= 1) return _acquired.Remove(name);
        _acquired[name]--;
        return false;
    }

    public LiveMailbox? InMemory(MailboxName name) => _byName.GetValueOrDefault(name);

    /// <summary>Gives a mailbox up; its readers end and come back to the new owner.</summary>
    void Drop(MailboxName name)
    {
        _acquired.Remove(name);
        Forget(name);
    }

    /// <summary>The mailbox must be loaded again before anything else happens to it; its readers come back.</summary>
    public void Forget(MailboxName name)
    {
        if (!_byName.TryGetValue(name, out var mailbox)) return;
        Uninstall(mailbox);
        foreach (var reader in mailbox.Readers.ToArray()) reader.End(Ending.Moved);
    }

    /// <summary>Null where it does not exist, or no longer: one that is due is removed here, before anything else happens to it.</summary>
    public LiveMailbox? Find(MailboxName name)
    {
        if (!_byName.TryGetValue(name, out var mailbox) && (mailbox = Load(name)) is null) return null;
        if (mailbox.IsDue(batch.NowMilliseconds))
        {
            Remove(mailbox, MailboxEventKind.Expired);
            return null;
        }
        mailbox.UsedAt = batch.NowMilliseconds;
        return mailbox;
    }

    public LiveMailbox FindOrMake(MailboxName name) => Find(name) ?? Make(name);

    /// <summary>One that is stored as held has lost its owner: it counts as disconnected now (spec M15).</summary>
    LiveMailbox? Load(MailboxName name)
    {
        if (!Owns(name) || batch.HasRemoved(name) || store.Load(name) is not { } stored) return null;
        var state = new MailboxState<Message?>(stored.Options) { Groups = options.OwnsAll ? stored.Groups : [] };
        var entries = new MailboxEntry<Message?>[stored.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = new(stored.Entries[i].Sequence, stored.Entries[i].Size, stored.Entries[i].Expires, null);
        state.Restore(stored.Marks, entries, stored.Holes, stored.Topics);
        var mailbox = Install(new(stored.Handle, state));
        if (stored.Marks.Held) Lifetime.ReaderSeen(batch, mailbox);
        return mailbox;
    }

    LiveMailbox Make(MailboxName name)
    {
        var told = name.IsVisitor ? _visitors : _defaults;
        var deadline = batch.NowMilliseconds + (long)told.Idle.TotalMilliseconds;
        var stored = Lifetime.StoredDeadline(deadline, told.Idle);
        var state = new MailboxState<Message?>(told) { Marks = new() { Deadline = stored } };
        var mailbox = Install(new(new(name, store.NewEpoch()), state) { Deadline = deadline, UsedAt = batch.NowMilliseconds });
        batch.NoteMade(mailbox);
        batch.Add(new MailboxMade(mailbox.Handle, told, stored), Durability.Disk);
        batch.Tell(mailbox, MailboxEventKind.Opened);
        return mailbox;
    }

    LiveMailbox Install(LiveMailbox mailbox)
    {
        mailbox.TableIndex = _all.Count;
        mailbox.IsGone = false;
        _all.Add(mailbox);
        _byName[mailbox.Name] = mailbox;
        return mailbox;
    }

    void Uninstall(LiveMailbox mailbox)
    {
        if (mailbox.IsGone) return;
        mailbox.IsGone = true;
        var last = _all[^1];
        _all[mailbox.TableIndex] = last;
        last.TableIndex = mailbox.TableIndex;
        _all.RemoveAt(_all.Count - 1);
        _byName.Remove(mailbox.Name);
    }

    /// <summary>Removes a mailbox with its queue and memberships (spec M15, M18).</summary>
    public void Remove(LiveMailbox mailbox, MailboxEventKind why)
    {
        foreach (var name in mailbox.State.Groups)
        {
            if (Group(name) is not { } group) continue;
            batch.NoteChanged(group);
            group.Remove(mailbox.Name);
        }
        Uninstall(mailbox);
        batch.NoteRemoved(mailbox, Ending.Deleted);
        batch.Add(new MailboxRemoved(mailbox.Handle), Durability.Disk);
        batch.Tell(mailbox, why);
    }

    /// <summary>Gives the memory of a mailbox back that nobody uses; the store has all of it.</summary>
    public void Collect(LiveMailbox mailbox) => Uninstall(mailbox);

    /// <summary>Null where it has no members.</summary>
    public LiveGroup? Group(GroupName name) => GroupOrEmpty(name) is { Count: > 0 } group ? group : null;

    public LiveGroup GroupOrEmpty(GroupName name)
    {
        if (!_groups.TryGetValue(name, out var group)) _groups[name] = group = new(name, store.LoadGroup(name));
        group.UsedAt = batch.NowMilliseconds;
        return group;
    }

    /// <summary>Forgets groups that nobody used since then; the store has them.</summary>
    public void CollectGroups(long usedBefore)
    {
        foreach (var (name, group) in _groups)
            if (!group.IsTouched && (group.UsedAt < usedBefore || group.Count == 0)) _groups.Remove(name);
    }

    /// <summary>After the batch was refused: what it made goes, what it removed comes back.</summary>
    public void Undo()
    {
        foreach (var group in batch.Groups) _groups.Remove(group.Name);
        foreach (var mailbox in batch.Made) Uninstall(mailbox);
        foreach (var removed in batch.Removed)
            if (!batch.Made.Contains(removed.Mailbox)) Install(removed.Mailbox);
    }

    /// <summary>Another owner has them: what happened here since was not stored.</summary>
    public void DropFenced(IEnumerable<MailboxHandle> fenced)
    {
        foreach (var handle in fenced) Drop(handle.Name);
        foreach (var group in batch.Groups) _groups.Remove(group.Name);
    }
}
