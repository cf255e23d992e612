using System.Numerics;

namespace Mailbox.Storage;

/// <summary>
/// Where a message's body lies, in 8 bytes: 58 bits of address in the log (<see cref="FrameInfo.BodiesAt"/>) and 6 that say roughly how many bytes
/// are in use because of this one entry (a message for many mailboxes is shared by them), so that what a container has in use is counted
/// without looking at the medium.
/// </summary>
readonly struct Location : IEquatable<Location>
{
    const int WeightBits = 6;
    const int SmallestExponent = 3;

    Location(ulong bits) => Bits = bits;

    public ulong Bits { get; }

    /// <summary>False for a message that lives in memory alone.</summary>
    public bool IsStored => Bits != 0;

    /// <summary>The message, while connections are about to take it; else it is read from the log. It is no part of the place.</summary>
    public Message? Hot { get; init; }

    public ulong Address => Bits >> WeightBits;

    /// <summary>Bytes: 2 or 3 times a power of two.</summary>
    public long Weight
    {
        get
        {
            var code = (int)Bits & ((1 << WeightBits) - 1);
            return (2L + (code & 1)) << (code >> 1) + SmallestExponent - 1;
        }
    }

    /// <param name="address">Below 2^58.</param>
    /// <param name="bytesEach">The share of one of the mailboxes that have the message.</param>
    public static Location Of(ulong address, long bytesEach) => new((address << WeightBits) | (uint)WeightCode(bytesEach));

    public static Location FromBits(ulong bits) => new(bits);

    public bool Equals(Location other) => Bits == other.Bits;

    public override bool Equals(object? obj) => obj is Location other && Equals(other);

    public override int GetHashCode() => Bits.GetHashCode();

    static int WeightCode(long bytes)
    {
        // The next lower of the two is taken, so a seventh more makes it the nearest.
        bytes = Math.Max(bytes + bytes / 7, 1 << SmallestExponent);
        var exponent = BitOperations.Log2((ulong)bytes);
        var half = (int)(bytes >> (exponent - 1)) & 1;
        return (exponent - SmallestExponent) << 1 | half;
    }
}
