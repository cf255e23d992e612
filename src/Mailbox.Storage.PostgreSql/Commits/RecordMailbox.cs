namespace Mailbox.Storage.PostgreSql;

/// <summary>The mailbox of a record that changes one.</summary>
static class RecordMailbox
{
    public static MailboxHandle? Of(StoreRecord record) => record switch
    {
        MessageRemoved removed => removed.Mailbox,
        Acknowledged acknowledged => acknowledged.Mailbox,
        WrittenMarked marked => marked.Mailbox,
        NumbersReserved reserved => reserved.Mailbox,
        DeadlineMoved moved => moved.Mailbox,
        OptionsSet set => set.Mailbox,
        OwnershipReleased released => released.Mailbox,
        _ => null,
    };
}
