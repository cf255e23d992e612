namespace Mailbox.Engine;

/// <summary>Deleting a message or a mailbox (spec M18), and its options.</summary>
static class Removal
{
    public static Outcome RemoveMailbox(Batch batch, MailboxEngine engine, MailboxName name)
    {
        if (engine.Table.Find(name) is not { } mailbox) return Outcome.NotFound;
        engine.Table.Remove(mailbox, MailboxEventKind.Deleted);
        return Outcome.Stored;
    }

    public static Outcome RemoveMessage(Batch batch, MailboxEngine engine, MailboxName name, Position position)
    {
        if (engine.Table.Find(name) is not { } mailbox || mailbox.Handle.Epoch != position.Epoch) return Outcome.NotFound;
        lock (mailbox)
        {
            if (mailbox.State.IndexOf(position.Sequence) < 0) return Outcome.NotFound;
            batch.RemoveMessage(mailbox, position.Sequence, null);
        }
        batch.Require(Durability.Disk);
        return Outcome.Stored;
    }

    public static Outcome SetOptions(Batch batch, MailboxEngine engine, MailboxName name, MailboxOptionsChange change)
    {
        if (!engine.Table.Owns(name)) return Outcome.NotOwner;
        var mailbox = engine.Table.FindOrMake(name);
        lock (mailbox) Lifetime.SetOptions(batch, mailbox, change.ApplyTo(mailbox.State.Options));
        return Outcome.Stored;
    }

    public static MailboxInfo? Describe(Batch batch, MailboxEngine engine, MailboxName name)
    {
        if (engine.Table.Find(name) is not { } mailbox) return null;
        lock (mailbox)
        {
            foreach (var ended in mailbox.Expired(batch.NowTick) ?? []) batch.RemoveMessage(mailbox, ended, GapReason.Ttl);
            var (state, marks) = (mailbox.State, mailbox.State.Marks);
            var first = state.Count > 0 ? state.Entries[0].Sequence : marks.Tail;
            return new(
                mailbox.PositionOf(first), mailbox.PositionOf(marks.Tail), mailbox.PositionOf(marks.Acknowledged), state.Count, state.Bytes,
                mailbox.Readers.Count, state.Groups, DateTimeOffset.FromUnixTimeMilliseconds(Lifetime.Expires(batch, mailbox)), state.Options);
        }
    }
}
