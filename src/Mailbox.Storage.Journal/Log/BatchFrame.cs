using System.Buffers.Binary;

namespace Mailbox.Storage.Journal;

/// <summary>
/// What stands around the records of a batch: a mark, the checksum of all that follows it, the length of the records, the offset
/// up to which the segment was synced before, the batch's number and its time. A batch is there whole or not at all.
/// </summary>
readonly record struct BatchFrame(int Length, long Synced, long Number, DateTimeOffset At)
{
    public const int HeaderSize = 32;

    const int ChecksumAt = 4;
    const int ChecksummedFrom = 8;

    public static ReadOnlySpan<byte> Mark => "MBXB"u8;

    public int TotalLength => HeaderSize + Length;

    /// <summary>Fills in the header of a frame whose records are in place.</summary>
    public static void Seal(Span<byte> frame, uint salt, long synced, long number, DateTimeOffset at)
    {
        Mark.CopyTo(frame);
        BinaryPrimitives.WriteInt32LittleEndian(frame[8..], frame.Length - HeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[12..], (uint)synced);
        BinaryPrimitives.WriteInt64LittleEndian(frame[16..], number);
        BinaryPrimitives.WriteInt64LittleEndian(frame[24..], at.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteUInt32LittleEndian(frame[ChecksumAt..], Crc32C.Of(frame[ChecksummedFrom..], salt));
    }

    /// <summary>The length of the records by a header that is not verified yet; negative where there is none.</summary>
    public static int LengthAt(ReadOnlySpan<byte> header) =>
        header.Length >= HeaderSize && header.StartsWith(Mark) ? BinaryPrimitives.ReadInt32LittleEndian(header[8..]) : -1;

    /// <summary>Null where the bytes do not begin with a whole and undamaged frame.</summary>
    public static BatchFrame? Read(ReadOnlySpan<byte> bytes, uint salt)
    {
        var length = LengthAt(bytes);
        if (length < 0 || length > bytes.Length - HeaderSize) return null;
        var frame = bytes[..(HeaderSize + length)];
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame[ChecksumAt..]) != Crc32C.Of(frame[ChecksummedFrom..], salt)) return null;
        return new(
            length,
            BinaryPrimitives.ReadUInt32LittleEndian(frame[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(frame[16..]),
            DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(frame[24..])));
    }
}
