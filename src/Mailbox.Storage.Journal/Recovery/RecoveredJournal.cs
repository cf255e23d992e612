namespace Mailbox.Storage.Journal;

/// <summary>What was found in a directory.</summary>
/// <param name="Last">The segment to go on in; null where there is none yet.</param>
/// <param name="HasLostNumbers">Numbers are taken as lost with the power, which only a snapshot will remember.</param>
sealed record RecoveredJournal(
    MailboxTables<Location> Tables,
    SegmentSet Segments,
    Segment? Last,
    SnapshotPosition Snapshot,
    ulong EpochCeiling,
    bool HasLostNumbers);
