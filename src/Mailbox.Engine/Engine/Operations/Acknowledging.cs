namespace Mailbox.Engine;

/// <summary>Station 9: acknowledgements, cumulative, the mailbox's, never back (spec M7).</summary>
static class Acknowledging
{
    public static AcknowledgeOutcome Acknowledge(Batch batch, MailboxEngine engine, MailboxName name, Position position)
    {
        if (!engine.Table.Owns(name)) return AcknowledgeOutcome.Unavailable;
        if (engine.Table.Find(name) is not { } mailbox) return AcknowledgeOutcome.NotFound;
        lock (mailbox)
        {
            if (!ReaderStart.IsOf(mailbox, position)) return AcknowledgeOutcome.BadPosition;
            Acknowledge(batch, mailbox, position.Sequence, Durability.Disk);
            Lifetime.ReaderSeen(batch, mailbox);
        }
        return AcknowledgeOutcome.Acknowledged;
    }

    /// <summary>Called under <c>lock (mailbox)</c>.</summary>
    public static void Acknowledge(Batch batch, LiveMailbox mailbox, long sequence, Durability durability)
    {
        if (sequence <= mailbox.State.Marks.Acknowledged) return;
        batch.Touch(mailbox);
        mailbox.State.Acknowledge(sequence);
        batch.Trim(mailbox, durability);
    }
}
