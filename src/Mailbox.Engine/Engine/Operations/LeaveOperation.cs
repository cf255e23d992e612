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
            if (!LetGo(mailbox) || mailbox.IsGone) return;
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
        // Of an engine that stops nothing is left to take out, and this is not the writer's turn.
        if (why != Outcome.Stopping) TakeOut(reader.Live, engine.Clock.Now.ToUnixTimeMilliseconds());
    }

    /// <summary>Stored or not, planned or not: it has gone, and the mailbox's idle time has begun.</summary>
    void TakeOut(LiveMailbox mailbox, long now)
    {
        lock (mailbox)
        {
            if (!LetGo(mailbox) || mailbox.IsHeld) return;
            mailbox.Deadline = Math.Max(mailbox.Deadline, now + (long)mailbox.State.Options.Idle.TotalMilliseconds);
        }
        engine.Maintenance.NoteLeft(mailbox, now);
    }

    /// <returns>False where it had lost the mailbox before it closed.</returns>
    bool LetGo(LiveMailbox mailbox) => mailbox.Readers.Remove(reader) || reader.Ending is null;
}
