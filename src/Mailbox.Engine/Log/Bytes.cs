using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Mailbox.Storage;

/// <summary>Reads what <see cref="ByteWriter"/> wrote.</summary>
ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly bool IsAtEnd => Position == _bytes.Length;

    public byte Byte() => Bytes(1)[0];

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(sizeof(uint)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(sizeof(ulong)));

    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var one = Byte();
            value |= (ulong)(one & 0x7f) << shift;
            if (one < 0x80) return value;
        }
        throw Malformed();
    }

    public long Long() => (long)Varint();

    /// <summary>A varint that is a length or an offset.</summary>
    public int Int()
    {
        var value = Varint();
        return value <= int.MaxValue ? (int)value : throw Malformed();
    }

    public long Signed()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>How many of something follow; each takes at least one byte.</summary>
    public int Count()
    {
        var count = Varint();
        return count <= (ulong)(_bytes.Length - Position) ? (int)count : throw Malformed();
    }

    public string? Text()
    {
        var length = Varint();
        return length == 0 ? null : Encoding.UTF8.GetString(Bytes(checked((int)length - 1)));
    }

    public string RequiredText() => Text() ?? throw Malformed();

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if ((uint)count > (uint)(_bytes.Length - Position)) throw Malformed();
        Position += count;
        return _bytes.Slice(Position - count, count);
    }

    /// <summary>What was read since a position.</summary>
    public readonly ReadOnlySpan<byte> Since(int position) => _bytes[position..Position];

    static InvalidDataException Malformed() => new("The bytes end too early or are none of the format.");
}

/// <summary>Writes the journal's values into a buffer that grows and is used again. Integers are little-endian or LEB128.</summary>
sealed class ByteWriter
{
    public const int MaxVarint = 10;
    const int KeptAtMost = 8 << 20;

    byte[] _buffer = new byte[4096];

    public int Length { get; private set; }

    public Span<byte> Written => _buffer.AsSpan(0, Length);

    public void Clear()
    {
        Length = 0;
        if (_buffer.Length > KeptAtMost) _buffer = new byte[4096];
    }

    /// <summary>Forgets what was written from here on.</summary>
    public void CutTo(int length) => Length = length;

    /// <summary>Room for so many bytes; <see cref="Advance"/> takes those that were used.</summary>
    public Span<byte> Room(int count)
    {
        if (_buffer.Length - Length < count) Grow(checked(Length + count));
        return _buffer.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    public int Skip(int count)
    {
        Room(count)[..count].Clear();
        Length += count;
        return Length - count;
    }

    public void Byte(byte value)
    {
        Room(1)[0] = value;
        Length++;
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Room(sizeof(uint)), value);
        Length += sizeof(uint);
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Room(sizeof(ulong)), value);
        Length += sizeof(ulong);
    }

    public void Varint(ulong value) => Length += Put(Room(MaxVarint), value);

    public void Varint(long value) => Varint((ulong)value);

    /// <summary>A number that may be below zero.</summary>
    public void Signed(long value) => Varint(ZigZag(value));

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>UTF-8 after its length and one; 0 is null.</summary>
    public void Text(string? text)
    {
        if (text is null)
        {
            Byte(0);
            return;
        }
        Varint(Encoding.UTF8.GetByteCount(text) + 1);
        Length += Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));
    }

    void Grow(int least) =>
        Array.Resize(ref _buffer, Math.Max(least, (int)Math.Min((long)_buffer.Length * 2, Array.MaxLength)));

    public static ulong ZigZag(long value) => (ulong)(value << 1) ^ (ulong)(value >> 63);

    public static int Put(Span<byte> into, ulong value)
    {
        var length = 0;
        for (; value >= 0x80; value >>= 7) into[length++] = (byte)(value | 0x80);
        into[length++] = (byte)value;
        return length;
    }
}

/// <summary>The Castagnoli checksum, which processors have an instruction for.</summary>
static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = 0)
    {
        var crc = ~seed;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var one in bytes) crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }
}
