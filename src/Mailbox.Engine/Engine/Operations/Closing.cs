namespace Mailbox.Engine;

/// <summary>How a held connection leaves its mailbox.</summary>
static class Closing
{
    /// <summary>A connection has gone. The mailbox lives on for its idle time.</summary>
    public static bool Close(Batch batch, MailboxEngine engine, MailboxReader reader)
    {
        var mailbox = reader.Live;
        lock (mailbox)
        {
            if (!mailbox.IsGone) batch.Touch(mailbox);
            var isHolder = mailbox.Readers.Remove(reader) || reader.Ending is null;
            if (mailbox.IsGone || !isHolder) return false;
            mailbox.UsedAt = batch.NowMilliseconds;
            mailbox.Cool();
            if (mailbox.State.Marks.Acknowledged > mailbox.State.Trimmed) batch.Trim(mailbox, Durability.Process);
            if (mailbox.IsHeld) return true;
            Lifetime.ReaderSeen(batch, mailbox);
        }
        engine.Maintenance.NoteLeft(mailbox, batch.NowMilliseconds);
        return true;
    }
}
