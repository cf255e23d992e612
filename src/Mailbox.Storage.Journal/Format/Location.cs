using System.Numerics;

namespace Mailbox.Storage.Journal;

/// <summary>
/// Where a message lies, in 8 bytes: 28 bits of segment number, 30 of offset, and 6 that say roughly how many bytes of the segment
/// are in use because of this one entry (a message for many mailboxes is shared by them), so that the space in use is counted
/// without looking at the disk.
/// </summary>
readonly record struct Location
{
    const int WeightBits = 6;
    const int OffsetBits = 30;
    const int SmallestExponent = 3;

    Location(ulong bits) => Bits = bits;

    public ulong Bits { get; }

    public int Segment => (int)(Bits >> (OffsetBits + WeightBits));

    public int Offset => (int)(Bits >> WeightBits) & ((1 << OffsetBits) - 1);

    /// <summary>Bytes: 2 or 3 times a power of two.</summary>
    public long Weight
    {
        get
        {
            var code = (int)Bits & ((1 << WeightBits) - 1);
            return (2L + (code & 1)) << (code >> 1) + SmallestExponent - 1;
        }
    }

    public static Location Of(int segment, long offset, long bytesEach) =>
        new(((ulong)segment << (OffsetBits + WeightBits)) | ((ulong)offset << WeightBits) | (uint)WeightCode(bytesEach));

    public static Location FromBits(ulong bits) => new(bits);

    public override string ToString() => $"{FileNames.Segment(Segment)}:{Offset}";

    static int WeightCode(long bytes)
    {
        // The next lower of the two is taken, so a seventh more makes it the nearest.
        bytes = Math.Max(bytes + bytes / 7, 1 << SmallestExponent);
        var exponent = BitOperations.Log2((ulong)bytes);
        var half = (int)(bytes >> (exponent - 1)) & 1;
        return (exponent - SmallestExponent) << 1 | half;
    }
}
