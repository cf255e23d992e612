namespace Mailbox.Storage.Journal;

/// <summary>How a <see cref="DirectoryLog"/> keeps its files.</summary>
public sealed record JournalOptions
{
    const int MaxSegmentBytes = 1 << 29;
    const int MinSegmentBytes = 4096;

    /// <summary>Made where it does not exist. One process owns it.</summary>
    public required string Directory { get; init; }

    /// <summary>A new segment begins above this many bytes: 4 KiB to 512 MiB.</summary>
    public int SegmentBytes
    {
        get;
        init => field = value is >= MinSegmentBytes and <= MaxSegmentBytes ? value
            : throw new ArgumentException("SegmentBytes must be 4 KiB to 512 MiB.", nameof(SegmentBytes));
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

    /// <summary>Null for the disk.</summary>
    internal IJournalFiles? Files { get; init; }
}
