namespace Mailbox.Engine;

/// <summary>Deleting a message or a mailbox (spec M18).</summary>
static class Removal
{
    public static Outcome RemoveMailbox(MailboxEngine engine, MailboxName name)
    {
        if (!engine.Table.Owns(name)) return Outcome.NotOwner;
        if (engine.Table.Find(name) is not { } mailbox) return Outcome.NotFound;
        engine.Table.Remove(mailbox, MailboxEventKind.Deleted);
        return Outcome.Stored;
    }

    public static Outcome RemoveMessage(Batch batch, MailboxEngine engine, MailboxName name, Position position)
    {
        if (!engine.Table.Owns(name)) return Outcome.NotOwner;
        if (engine.Table.Find(name) is not { } mailbox || mailbox.Handle.Epoch != position.Epoch) return Outcome.NotFound;
        lock (mailbox)
        {
            if (mailbox.State.IndexOf(position.Sequence) < 0) return Outcome.NotFound;
            batch.RemoveMessage(mailbox, position.Sequence, null);
        }
        batch.Require(Durability.Disk);
        return Outcome.Stored;
    }
}
