namespace Mailbox.Storage.Journal;

/// <summary>A snapshot that is complete.</summary>
/// <param name="Number">0 for none.</param>
/// <param name="Segment">Replay begins in this segment; those before it are needed only for the messages in them.</param>
/// <param name="Offset">Replay begins at this offset.</param>
/// <param name="Batch">The last batch before that place.</param>
/// <param name="Through">The last batch that may have left something in the snapshot.</param>
readonly record struct SnapshotPosition(int Number, int Segment, long Offset, long Batch, long Through, long Bytes)
{
    public static SnapshotPosition None { get; } = new(0, 1, FileHeader.Size, 0, 0, 0);
}
