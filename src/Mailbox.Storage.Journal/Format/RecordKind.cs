namespace Mailbox.Storage.Journal;

/// <summary>The first byte of every record. Numbers are never used again.</summary>
enum RecordKind : byte
{
    MailboxMade = 1,
    MessageAppended = 2,
    MessageRemoved = 3,
    Acknowledged = 4,
    WrittenMarked = 5,
    NumbersReserved = 6,
    DeadlineMoved = 7,
    OptionsSet = 8,
    MailboxRemoved = 9,
    MembersChanged = 10,
    KeyRemembered = 11,
    EpochsReserved = 12,
    MessageMoved = 13,
}
