namespace Mailbox.Engine;

/// <summary>The end of station 3: what was stored becomes visible, and readers that wait for it are told.</summary>
static class Publication
{
    public static void Publish(Batch batch, MailboxEngine engine)
    {
        foreach (var mailbox in batch.Touched) Publish(mailbox);
        foreach (var removed in batch.Removed)
            foreach (var reader in removed.Mailbox.Readers.ToArray()) reader.End(EndingOf(batch, removed));
        foreach (var happened in batch.Events)
        {
            if (happened.Kind == MailboxEventKind.Expired) engine.Meter.Expired++;
            engine.Events.Publish(happened);
        }
    }

    /// <summary>After a batch was taken back: a reader that found nothing, because the plan had taken it out, is told that it is back.</summary>
    public static void Recall(Batch batch)
    {
        foreach (var mailbox in batch.Touched) SignalAll(mailbox);
        foreach (var removed in batch.Removed) SignalAll(removed.Mailbox);
    }

    static Ending EndingOf(Batch batch, RemovedMailbox removed) =>
        batch.Records.Fenced?.Contains(removed.Mailbox.Handle) == true ? Ending.Moved : removed.Ending;

    /// <summary>Of one that went, what came last may not be stored: another owner may have it.</summary>
    static void Publish(LiveMailbox mailbox)
    {
        if (mailbox.IsGone) return;
        lock (mailbox)
        {
            mailbox.Committed = mailbox.State.Marks.Tail;
            mailbox.Cool();
        }
        SignalAll(mailbox);
    }

    static void SignalAll(LiveMailbox mailbox)
    {
        foreach (var reader in mailbox.Readers) Signal(mailbox, reader);
    }

    static void Signal(LiveMailbox mailbox, MailboxReader reader)
    {
        bool tell;
        lock (mailbox) tell = reader.Disarm();
        if (tell) reader.Ring();
    }
}
