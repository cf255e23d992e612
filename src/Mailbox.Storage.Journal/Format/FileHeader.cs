using System.Buffers.Binary;

namespace Mailbox.Storage.Journal;

/// <summary>The first 32 bytes of every file of a journal. See docs/decisions/journal-format.md.</summary>
/// <param name="Number">The segment's or the snapshot's; of the identity, the incarnation.</param>
/// <param name="Batch">The number of the segment's first batch; of the last one before a snapshot; of the identity, the kernel's run.</param>
/// <param name="Salt">Goes into every checksum of the file, so that no message can contain what looks like a batch of it; of the identity, the newest segment.</param>
readonly record struct FileHeader(ulong Kind, uint Number, ulong Batch, uint Salt)
{
    public const int Size = 32;
    public const uint Version = 1;

    public static readonly ulong Segment = BinaryPrimitives.ReadUInt64LittleEndian("MBXSEGMT"u8);
    public static readonly ulong Snapshot = BinaryPrimitives.ReadUInt64LittleEndian("MBXSNAPS"u8);
    public static readonly ulong Identity = BinaryPrimitives.ReadUInt64LittleEndian("MBXIDENT"u8);

    const int ChecksumAt = 28;

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Number);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), Batch);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ChecksumAt), Crc32C.Of(bytes.AsSpan(0, ChecksumAt)));
        return bytes;
    }

    /// <summary>Null where the header is damaged or not all there.</summary>
    /// <exception cref="StoreException">A newer program wrote the file.</exception>
    public static FileHeader? Read(IJournalFile file, ulong kind, string path)
    {
        var bytes = new byte[Size];
        if (file.Read(bytes, 0) < Size) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(ChecksumAt)) != Crc32C.Of(bytes.AsSpan(0, ChecksumAt))) return null;
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != kind) return null;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        if (version > Version)
            throw new StoreException($"{path} has format version {version}; this program reads versions up to {Version}.");
        return new(
            kind,
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(24)));
    }
}
