namespace Mailbox.Engine;

/// <summary>What one mailbox may hold and how long it lives (spec M11, M15).</summary>
static class Configuring
{
    public static Outcome SetOptions(Batch batch, MailboxEngine engine, MailboxName name, MailboxOptionsChange change)
    {
        if (!engine.Table.Owns(name)) return Outcome.NotOwner;
        var mailbox = engine.Table.FindOrMake(name);
        lock (mailbox) Lifetime.SetOptions(batch, mailbox, change.ApplyTo(mailbox.State.Options));
        return Outcome.Stored;
    }
}
