namespace Mailbox.Storage;

/// <summary>
/// Decides before a batch is written which mailboxes may write: those of the newest load, and new ones whose name is free. Makes
/// the slots of new mailboxes, which come alive when the batch is applied. Not thread-safe.
/// </summary>
sealed class BatchAdmission<TBody>(MailboxTables<TBody> tables)
{
    readonly Dictionary<MailboxName, Slot<TBody>> _made = [];
    readonly HashSet<Slot<TBody>> _leaving = [];
    CommitBatch _batch = new();
    int _number;

    /// <summary>The number that <see cref="Slot{TBody}.Batch"/> of every mailbox named by the batch has afterwards; never 0.</summary>
    public int Admit(CommitBatch batch)
    {
        _batch = batch;
        _number = _number == int.MaxValue ? 1 : _number + 1;
        _made.Clear();
        _leaving.Clear();
        foreach (var record in batch.Records) Check(record);
        return _number;
    }

    void Check(StoreRecord record)
    {
        switch (record)
        {
            case MessageAppended appended: CheckTargets(appended.Targets.AsSpan(0, appended.Count)); break;
            case MailboxMade made: CheckMade(made); break;
            case MailboxRemoved removed: CheckRemoved(removed.Mailbox); break;
            case MembersChanged changed: CheckMembers(changed); break;
            default: if (Changed(record) is { } handle) Check(handle); break;
        }
    }

    static MailboxHandle? Changed(StoreRecord record) => record switch
    {
        MessageRemoved removed => removed.Mailbox,
        Acknowledged acknowledged => acknowledged.Mailbox,
        WrittenMarked marked => marked.Mailbox,
        NumbersReserved reserved => reserved.Mailbox,
        DeadlineMoved moved => moved.Mailbox,
        OptionsSet set => set.Mailbox,
        _ => null,
    };

    void CheckTargets(ReadOnlySpan<Target> targets)
    {
        foreach (var target in targets) Check(target.Mailbox);
    }

    void CheckMembers(MembersChanged changed)
    {
        foreach (var handle in changed.Added) Check(handle);
        foreach (var handle in changed.Removed) Check(handle);
    }

    void CheckRemoved(MailboxHandle handle)
    {
        if (Check(handle)) _leaving.Add((Slot<TBody>)handle.Slot!);
    }

    void CheckMade(MailboxMade made)
    {
        var handle = made.Mailbox;
        var owner = _made.GetValueOrDefault(handle.Name) ?? tables.Find(handle.Name);
        if (owner is not null && !_leaving.Contains(owner))
        {
            Refuse(handle);
            return;
        }
        var slot = new Slot<TBody>(handle.Name, handle.Epoch, made.Options) { Batch = _number };
        _made[handle.Name] = slot;
        handle.Slot = slot;
        handle.Fence = slot.Fence;
    }

    bool Check(MailboxHandle handle)
    {
        if (handle.Slot is Slot<TBody> slot && slot.Fence == handle.Fence && (slot.IsLive || slot.Batch == _number))
        {
            slot.Batch = _number;
            return true;
        }
        Refuse(handle);
        return false;
    }

    void Refuse(MailboxHandle handle) => (_batch.Fenced ??= []).Add(handle);
}
