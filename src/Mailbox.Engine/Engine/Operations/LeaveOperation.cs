namespace Mailbox.Engine;

/// <summary>A held connection has gone. The mailbox lives on for its idle time.</summary>
sealed class LeaveOperation(MailboxEngine engine, MailboxReader reader) : Operation
{
    public override bool Relieves => true;

    // Who polls is back soon: then the mailbox was held all the time, and there is nothing to store.
    public override Urgency Urgency => Urgency.Lazy;

    public override void Plan(Batch batch)
    {
        var mailbox = reader.Live;
        lock (mailbox)
        {
            if (!mailbox.IsGone) batch.Touch(mailbox);
            var isHolder = mailbox.Readers.Remove(reader) || reader.Ending is null;
            if (mailbox.IsGone || !isHolder) return;
            mailbox.UsedAt = batch.NowMilliseconds;
            mailbox.Cool();
            if (mailbox.State.Marks.Acknowledged > mailbox.State.Trimmed) batch.Trim(mailbox, Durability.Process);
            if (mailbox.IsHeld) return;
            Lifetime.ReaderSeen(batch, mailbox);
        }
        engine.Maintenance.NoteLeft(mailbox, batch.NowMilliseconds);
    }

    public override void Succeed(Batch batch)
    {
    }

    public override void Fail(Outcome why)
    {
    }
}
