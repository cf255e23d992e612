namespace Mailbox.Storage.PostgreSql;

/// <summary>Which mailboxes a batch names, and what it does to each of them as a whole.</summary>
sealed class CommitPlan
{
    readonly Dictionary<MailboxName, PlannedMailbox> _made = [];
    readonly List<MailboxHandle> _strangers = [];

    public CommitPlan(CommitBatch batch)
    {
        Batch = batch;
        foreach (var record in batch.Records) Read(record);
        Mailboxes.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
    }

    public CommitBatch Batch { get; }

    /// <summary>In ordinal order of their names: the order in which everybody locks them.</summary>
    public List<PlannedMailbox> Mailboxes { get; } = [];

    public List<SendPartDone> Parts { get; } = [];

    /// <summary>Messages and numbers are synced whatever their level: what the database loses in a crash nobody else could tell.</summary>
    public bool MustSync { get; private set; }

    /// <summary>Before each attempt.</summary>
    public void Begin()
    {
        foreach (var mailbox in Mailboxes) mailbox.Begin();
        Batch.Fenced = _strangers.Count == 0 ? null : [.. _strangers];
    }

    public void Refuse(MailboxHandle handle) => (Batch.Fenced ??= []).Add(handle);

    /// <summary>Null where nothing of the mailbox is to be stored.</summary>
    public static PlannedMailbox? Find(MailboxHandle handle) =>
        handle.Slot is MailboxSlot { Planned: { IsStored: true } planned } ? planned : null;

    /// <summary>The batch is stored.</summary>
    public void Complete()
    {
        foreach (var mailbox in Mailboxes) mailbox.Finish();
        foreach (var mailbox in Mailboxes)
            if (!mailbox.IsOurs && mailbox.Made is not null) mailbox.Handle.Slot = null;
    }

    /// <summary>Nothing of the batch is stored, or nobody knows.</summary>
    public void Abandon()
    {
        foreach (var mailbox in Mailboxes)
        {
            mailbox.Slot.Planned = null;
            if (mailbox.Made is not null) mailbox.Handle.Slot = null;
        }
    }

    void Read(StoreRecord record)
    {
        switch (record)
        {
            case MailboxMade made: Make(made); break;
            case MessageAppended appended: Read(appended); break;
            case MembersChanged changed: Read(changed.Added); Read(changed.Removed); break;
            case SendPartDone part: Parts.Add(part); Read(part.Stored); break;
            case MailboxRemoved removed: if (Read(removed.Mailbox) is { } gone) gone.IsGone = true; break;
            case NumbersReserved reserved: MustSync = true; Read(reserved.Mailbox); break;
            default: if (RecordMailbox.Of(record) is { } handle) Read(handle); break;
        }
    }

    void Read(MessageAppended appended)
    {
        MustSync = true;
        foreach (var target in appended.Targets.AsSpan(0, appended.Count)) Read(target.Mailbox);
    }

    void Read(IReadOnlyList<MailboxHandle> handles)
    {
        foreach (var handle in handles) Read(handle);
    }

    PlannedMailbox? Read(MailboxHandle handle)
    {
        if (handle.Slot is not MailboxSlot slot)
        {
            _strangers.Add(handle);
            return null;
        }
        return slot.Planned ?? Add(new(handle, slot));
    }

    void Make(MailboxMade made)
    {
        var handle = made.Mailbox;
        if (_made.TryGetValue(handle.Name, out var other) && !other.IsGone)
        {
            handle.Slot = null;
            _strangers.Add(handle);
            return;
        }
        var slot = new MailboxSlot { Marks = new() { Deadline = made.Deadline } };
        handle.Slot = slot;
        _made[handle.Name] = Add(new(handle, slot) { Made = made });
    }

    PlannedMailbox Add(PlannedMailbox mailbox)
    {
        mailbox.Slot.Planned = mailbox;
        Mailboxes.Add(mailbox);
        return mailbox;
    }
}
