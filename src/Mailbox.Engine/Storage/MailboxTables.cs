namespace Mailbox.Storage;

/// <summary>
/// What an embedded store knows, and the changes to it: commits and recovery both end here, so that they cannot drift apart.
/// A change to a mailbox that is gone does nothing. Not thread-safe.
/// </summary>
sealed class MailboxTables<TBody>(IBodyKeeper<TBody>? keeper = null)
{
    const int KeysForgottenAtOnce = 1000;

    readonly Dictionary<MailboxName, Slot<TBody>> _byName = [];

    public SlotList<TBody> Slots { get; } = new();

    public GroupTable<TBody> Groups { get; } = new();

    public KeyTable Keys { get; } = new();

    public DeadlineTable<TBody> Deadlines { get; } = new();

    public NameList Names { get; } = new();

    /// <summary>The latest time of a batch.</summary>
    public DateTimeOffset LastSeen { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <summary>The store's number of the last batch that was applied.</summary>
    public long LastBatch { get; set; }

    public Slot<TBody>? Find(MailboxName name) => _byName.GetValueOrDefault(name);

    public void Saw(DateTimeOffset at)
    {
        if (at > LastSeen) LastSeen = at;
        Keys.Forget((uint)LastSeen.ToUnixTimeSeconds(), KeysForgottenAtOnce);
    }

    public void Make(Slot<TBody> slot, long deadline)
    {
        slot.State.Marks = slot.State.Marks with { Deadline = deadline };
        Add(slot);
    }

    /// <summary>Adds a mailbox whose state is complete.</summary>
    public void Add(Slot<TBody> slot)
    {
        slot.IsLive = true;
        _byName.Add(slot.Name, slot);
        Slots.Add(slot);
        Deadlines.Place(slot);
        Names.Add(slot.Name);
        if (keeper is null) return;
        foreach (ref readonly var entry in slot.State.Entries) keeper.Kept(entry.Body);
    }

    public void Append(Slot<TBody> slot, in MailboxEntry<TBody> entry, string? topic)
    {
        if (!slot.IsLive) return;
        slot.State.Append(entry, topic);
        keeper?.Kept(entry.Body);
    }

    /// <summary>The body of a message lies elsewhere from now on, if it still lies where it was.</summary>
    public void Relocate(Slot<TBody> slot, long sequence, TBody from, TBody to)
    {
        var index = slot.IsLive ? slot.State.IndexOf(sequence) : -1;
        if (index < 0 || !EqualityComparer<TBody>.Default.Equals(slot.State.Entries[index].Body, from)) return;
        slot.State.Entries[index].Body = to;
        keeper?.Released(from);
        keeper?.Kept(to);
    }

    public void RemoveMessage(Slot<TBody> slot, long sequence, GapReason? reason)
    {
        if (!slot.IsLive) return;
        var index = slot.State.IndexOf(sequence);
        if (index >= 0) keeper?.Released(slot.State.Entries[index].Body);
        slot.State.Remove(sequence, reason);
    }

    public void Acknowledge(Slot<TBody> slot, long sequence, long trim)
    {
        if (!slot.IsLive) return;
        slot.State.Acknowledge(sequence);
        Release(slot, slot.State.IndexAfter(trim));
        slot.State.Trim(trim);
    }

    public static void MarkWritten(Slot<TBody> slot, long sequence) =>
        slot.State.Marks = slot.State.Marks with { Written = Math.Max(slot.State.Marks.Written, sequence) };

    public void MoveDeadline(Slot<TBody> slot, long deadline, bool held)
    {
        slot.State.Marks = slot.State.Marks with { Deadline = deadline, Held = held };
        if (slot.IsLive) Deadlines.Place(slot);
    }

    public void RemoveMailbox(Slot<TBody> slot)
    {
        if (!slot.IsLive) return;
        slot.IsLive = false;
        Groups.RemoveEverywhere(slot);
        Release(slot, slot.State.Count);
        _byName.Remove(slot.Name);
        Slots.Remove(slot);
        Names.Remove();
    }

    public void Join(GroupName group, Slot<TBody> slot)
    {
        if (slot.IsLive) Groups.Add(group, slot);
    }

    /// <summary>See <see cref="MailboxState{TBody}.Recover"/>.</summary>
    public void Recover(Slot<TBody> slot, bool hasLostPower)
    {
        Release(slot, slot.State.IndexAfter(slot.State.Marks.Acknowledged));
        slot.State.Recover(hasLostPower);
    }

    void Release(Slot<TBody> slot, int count)
    {
        if (keeper is null) return;
        foreach (ref readonly var entry in slot.State.Entries[..count]) keeper.Released(entry.Body);
    }
}
