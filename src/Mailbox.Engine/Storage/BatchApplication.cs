namespace Mailbox.Storage;

/// <summary>Applies the records of a batch that is committed, but for those of mailboxes that were fenced off.</summary>
readonly struct BatchApplication<TBody>(MailboxTables<TBody> tables, HashSet<MailboxHandle>? fenced)
{
    public void Apply(List<StoreRecord> records, ReadOnlySpan<TBody> bodies)
    {
        var message = 0;
        foreach (var record in records)
            if (record is MessageAppended appended) Append(appended, bodies[message++]);
            else Apply(record);
    }

    void Apply(StoreRecord record)
    {
        switch (record)
        {
            case MailboxMade made: if (SlotOf(made.Mailbox) is { } born) tables.Make(born, made.Deadline); break;
            case MembersChanged changed: Change(changed); break;
            case KeyRemembered key: if (!IsRefused(key.Answer, fenced)) tables.Keys.Remember(key.Key, key.Answer); break;
            case MessageRemoved r: if (SlotOf(r.Mailbox) is { } of) tables.RemoveMessage(of, r.Sequence, r.Reason); break;
            case Acknowledged a: if (SlotOf(a.Mailbox) is { } reader) tables.Acknowledge(reader, a.Sequence, a.Trim); break;
            case WrittenMarked w: if (SlotOf(w.Mailbox) is { } marked) MailboxTables<TBody>.MarkWritten(marked, w.Sequence); break;
            case NumbersReserved n: if (SlotOf(n.Mailbox) is { } slot) slot.State.Reserve(n.Through, n.Level); break;
            case DeadlineMoved d: if (SlotOf(d.Mailbox) is { } moved) tables.MoveDeadline(moved, d.Deadline, d.Held); break;
            case OptionsSet o: if (SlotOf(o.Mailbox) is { } set) set.State.Options = o.Options; break;
            case MailboxRemoved r: if (SlotOf(r.Mailbox) is { } gone) tables.RemoveMailbox(gone); break;
        }
    }

    /// <summary>The answer tells of a message that was not stored: its mailbox, which the epoch names, was fenced off.</summary>
    public static bool IsRefused(in RememberedKey answer, HashSet<MailboxHandle>? fenced)
    {
        if (fenced is null || answer.Fourth == 0) return false;
        foreach (var handle in fenced)
            if (handle.Epoch == answer.First) return true;
        return false;
    }

    void Append(MessageAppended appended, TBody body)
    {
        var message = appended.Message;
        var expires = ExpiryTick.NotBefore(message.Expires);
        foreach (var target in appended.Targets.AsSpan(0, appended.Count))
            if (SlotOf(target.Mailbox) is { } slot)
                tables.Append(slot, new(target.Sequence, message.Body.Length, expires, body), message.Topic);
    }

    void Change(MembersChanged changed)
    {
        foreach (var handle in changed.Added)
            if (SlotOf(handle) is { } slot) tables.Join(changed.Group, slot);
        foreach (var handle in changed.Removed)
            if (SlotOf(handle) is { } slot) tables.Groups.Remove(changed.Group, slot);
    }

    Slot<TBody>? SlotOf(MailboxHandle handle) =>
        fenced is not null && fenced.Contains(handle) ? null : (Slot<TBody>)handle.Slot!;
}
