using System.Buffers.Binary;
using System.Globalization;

namespace Mailbox.Storage.Journal;

/// <summary>The names of a journal's files: a number of eight digits and what it is.</summary>
static class FileNames
{
    public const string Identity = "identity";

    /// <summary>Its presence says that the directory is a copy: the epochs of its mailboxes must change (spec M4).</summary>
    public const string Restored = "restored";

    public const string Reserve = "reserve";
    public const string Unfinished = ".tmp";

    const string SegmentEnding = ".segment";
    const string SnapshotEnding = ".snapshot";

    public static string Segment(int number) => Numbered(number, SegmentEnding);

    public static string Snapshot(int number) => Numbered(number, SnapshotEnding);

    public static int[] Segments(IReadOnlyList<string> names) => NumbersOf(names, SegmentEnding);

    public static int[] Snapshots(IReadOnlyList<string> names) => NumbersOf(names, SnapshotEnding);

    static string Numbered(int number, string ending) => number.ToString("D8", CultureInfo.InvariantCulture) + ending;

    static int[] NumbersOf(IReadOnlyList<string> names, string ending)
    {
        var numbers = new List<int>();
        foreach (var name in names)
            if (name.EndsWith(ending, StringComparison.Ordinal) && TryParse(name.AsSpan(0, name.Length - ending.Length), out var number))
                numbers.Add(number);
        numbers.Sort();
        return [.. numbers];
    }

    static bool TryParse(ReadOnlySpan<char> digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>The first 32 bytes of every file of a journal. See docs/decisions/journal-format.md.</summary>
/// <param name="Number">The segment's or the snapshot's; of the identity, the incarnation.</param>
/// <param name="Batch">The number of the segment's first frame; of the last one before a snapshot; of the identity, the kernel's run.</param>
/// <param name="Salt">Goes into every checksum of the file, so that no message can contain what looks like a frame of it; of the identity, the newest segment.</param>
readonly record struct FileHeader(ulong Kind, uint Number, ulong Batch, uint Salt)
{
    public const int Size = 32;
    public const uint Version = 2;

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
    /// <exception cref="StoreException">The file has another format.</exception>
    public static FileHeader? Read(IJournalFile file, ulong kind, string path)
    {
        var bytes = new byte[Size];
        if (file.Read(bytes, 0) < Size) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(ChecksumAt)) != Crc32C.Of(bytes.AsSpan(0, ChecksumAt))) return null;
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != kind) return null;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        if (version != Version)
            throw new StoreException($"{path} has format version {version}; this program reads and writes version {Version} alone.");
        return new(
            kind,
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(24)));
    }
}

/// <summary>
/// The first bytes of a frame: a mark, the checksum of all that follows it, the length of the records and of the bodies, the frame's number and
/// time, and the offset up to which the segment was synced before. The bodies follow, so that their address is known before the frame
/// is written, and then the records. A frame is there whole or not at all.
/// </summary>
readonly record struct FrameHeader(int RecordBytes, int BodyBytes, long Sequence, DateTimeOffset At, long Synced)
{
    public const int Size = 36;

    /// <summary>A frame with its header.</summary>
    public const int MaxFrame = 1 << 29;

    const int ChecksumAt = 4;
    const int ChecksummedFrom = 8;

    public static ReadOnlySpan<byte> Mark => "MBXF"u8;

    public int FrameBytes => Size + BodyBytes + RecordBytes;

    /// <summary>Fills in the header of a frame whose bodies and records are in place.</summary>
    public void Seal(Span<byte> frame, uint salt)
    {
        Mark.CopyTo(frame);
        BinaryPrimitives.WriteInt32LittleEndian(frame[8..], RecordBytes);
        BinaryPrimitives.WriteInt32LittleEndian(frame[12..], BodyBytes);
        BinaryPrimitives.WriteInt64LittleEndian(frame[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(frame[24..], At.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteUInt32LittleEndian(frame[32..], (uint)Synced);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[ChecksumAt..], Crc32C.Of(frame[ChecksummedFrom..], salt));
    }

    /// <summary>The length of the whole frame by a header that is not verified yet; negative where there is none.</summary>
    public static int LengthAt(ReadOnlySpan<byte> header)
    {
        if (header.Length < Size || !header.StartsWith(Mark)) return -1;
        var length = (long)BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) + BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) + Size;
        return length <= MaxFrame ? (int)length : -1;
    }

    /// <summary>Null where the bytes do not begin with a whole and undamaged frame.</summary>
    public static FrameHeader? Read(ReadOnlySpan<byte> bytes, uint salt)
    {
        var length = LengthAt(bytes);
        if (length < 0 || length > bytes.Length) return null;
        var frame = bytes[..length];
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame[ChecksumAt..]) != Crc32C.Of(frame[ChecksummedFrom..], salt)) return null;
        return new(
            BinaryPrimitives.ReadInt32LittleEndian(frame[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(frame[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(frame[16..]),
            DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(frame[24..])),
            BinaryPrimitives.ReadUInt32LittleEndian(frame[32..]));
    }
}
