namespace Mailbox.Storage.Journal;

/// <summary>How a <see cref="JournalStore"/> keeps its files.</summary>
public sealed record JournalOptions
{
    const int MaxSegmentBytes = 1 << 30;
    const int MinSegmentBytes = 4096;

    /// <summary>Made where it does not exist. One process owns it.</summary>
    public required string Directory { get; init; }

    /// <summary>A new segment begins above this many bytes: 4 KiB to 1 GiB.</summary>
    public int SegmentBytes
    {
        get;
        init => field = value is >= MinSegmentBytes and <= MaxSegmentBytes ? value
            : throw new ArgumentException("SegmentBytes must be 4 KiB to 1 GiB.", nameof(SegmentBytes));
    } = 64 << 20;

    /// <summary>A segment is compacted when less than this share of it is in use: above 0, below 0.75 (the share is an estimate).</summary>
    public double CompactBelow
    {
        get;
        init => field = value is > 0 and < 0.75 ? value
            : throw new ArgumentException("CompactBelow must be above 0 and below 0.75.", nameof(CompactBelow));
    } = 0.5;

    /// <summary>A snapshot is written after so many bytes of journal, or as many as the last snapshot had; it bounds the start.</summary>
    public long SnapshotBytes
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentException("SnapshotBytes must be above 0.", nameof(SnapshotBytes));
    } = 64 << 20;

    /// <summary>
    /// Room that is kept back on the disk so that acknowledgements, removals and compaction go on when it is full; 0 for none.
    /// A snapshot and the live part of a segment should fit.
    /// </summary>
    public long ReserveBytes
    {
        get;
        init => field = value >= 0 ? value
            : throw new ArgumentException("ReserveBytes must not be below 0.", nameof(ReserveBytes));
    } = 64 << 20;

    /// <summary>Is told in words what an operator should know, such as a torn tail that was cut. Called on any thread.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Snapshots and compaction run by themselves; tests call them.</summary>
    internal bool RunsUpkeep { get; init; } = true;

    /// <summary>How many mailboxes a snapshot takes while commits wait.</summary>
    internal int SnapshotSlice { get; init; } = 512;

    /// <summary>Null for the disk.</summary>
    internal IJournalFiles? Files { get; init; }
}
