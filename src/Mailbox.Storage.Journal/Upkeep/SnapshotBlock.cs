namespace Mailbox.Storage.Journal;

/// <summary>The first byte of a snapshot's block.</summary>
enum SnapshotBlock : byte
{
    Begin = 1,
    Mailboxes = 2,
    Keys = 3,
    End = 4,
}
