namespace Mailbox.Storage.Journal;

/// <summary>What was found in a directory.</summary>
/// <param name="Last">The segment to go on in; null where there is none yet.</param>
sealed record RecoveredJournal(
    MailboxTables<Location> Tables,
    SegmentSet Segments,
    Segment? Last,
    SnapshotPosition Snapshot,
    ulong EpochCeiling);
