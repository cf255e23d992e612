using System.Buffers.Binary;
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
