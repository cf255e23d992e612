namespace Mailbox.Storage.Tests.Journal;

/// <summary>One mailbox in two stores.</summary>
sealed class TwinMailbox(MailboxHandle inJournal, MailboxHandle inMemory)
{
    public MailboxHandle InJournal { get; set; } = inJournal;

    public MailboxHandle InMemory { get; set; } = inMemory;

    public long Tail { get; set; }

    public long Reserved { get; set; }
}
