using System.Buffers.Binary;

namespace Mailbox.Storage;

/// <summary>
/// The part of a record that holds a message, with a checksum of its own: it is read alone, and copied as it is by compaction.
/// </summary>
static class MessageCodec
{
    /// <summary>The checksum and the length before the content.</summary>
    public const int Prefix = 8;

    /// <summary>No message takes more than this beside its body.</summary>
    public const int MaxOverhead = 640;

    public static void Write(ByteWriter to, Message message)
    {
        var start = to.Skip(Prefix);
        to.UInt64((ulong)message.At.UtcTicks);
        to.UInt32(ExpiryTick.NotBefore(message.Expires));
        to.Text(message.ContentType);
        to.Text(message.Type);
        to.Text(message.Topic);
        to.Text(message.Group?.ToString());
        to.Bytes(message.Body.Span);
        var part = to.Written[start..];
        BinaryPrimitives.WriteUInt32LittleEndian(part[4..], (uint)(part.Length - Prefix));
        BinaryPrimitives.WriteUInt32LittleEndian(part, Crc32C.Of(part[4..]));
    }

    /// <summary>The bytes that the part takes, prefix and all; 0 where they are not all there or are damaged.</summary>
    public static int Check(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Prefix) return 0;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (length > (uint)(bytes.Length - Prefix)) return 0;
        var part = bytes[..(Prefix + (int)length)];
        return BinaryPrimitives.ReadUInt32LittleEndian(part) == Crc32C.Of(part[4..]) ? part.Length : 0;
    }

    /// <param name="part">One that <see cref="Check"/> found good.</param>
    public static Message Read(ReadOnlySpan<byte> part)
    {
        var reader = new ByteReader(part[Prefix..]);
        var at = new DateTimeOffset((long)reader.UInt64(), TimeSpan.Zero);
        var expires = ExpiryTick.TimeOf(reader.UInt32());
        return new()
        {
            At = at,
            Expires = expires,
            ContentType = reader.RequiredText(),
            Type = reader.Text(),
            Topic = reader.Text(),
            Group = reader.Text() is { } group ? GroupName.Parse(group) : null,
            Body = part[(Prefix + reader.Position)..].ToArray(),
        };
    }

    /// <summary>A message among other things.</summary>
    public static Message ReadFrom(ref ByteReader reader)
    {
        var start = reader.Position;
        reader.UInt32();
        var length = reader.UInt32();
        reader.Bytes(checked((int)length));
        return Read(reader.Since(start));
    }

    /// <summary>What the index needs of a message while it is replayed.</summary>
    public static MessageSummary ReadSummary(ref ByteReader reader)
    {
        reader.UInt32();
        var content = reader.Bytes((int)reader.UInt32());
        var inner = new ByteReader(content);
        inner.UInt64();
        var expires = inner.UInt32();
        inner.Text();
        inner.Text();
        var topic = inner.Text();
        inner.Text();
        return new(content.Length - inner.Position, expires, topic);
    }
}

/// <param name="Size">Bytes of the body.</param>
/// <param name="Expires">As <see cref="ExpiryTick"/>.</param>
readonly record struct MessageSummary(int Size, uint Expires, string? Topic);

static class OptionsCodec
{
    public static void Write(ByteWriter to, MailboxOptions options)
    {
        to.Varint(options.Idle.Ticks);
        to.Byte((byte)options.Overflow);
        to.Varint(options.MaxMessages);
        to.Varint(options.MaxBytes);
    }

    public static MailboxOptions Read(ref ByteReader from) =>
        new(TimeSpan.FromTicks(from.Long()), (OverflowPolicy)from.Byte(), (int)from.Long(), from.Long());
}

static class KeyCodec
{
    public static void WriteId(ByteWriter to, KeyId key)
    {
        to.UInt64((ulong)(key.Hash >> 64));
        to.UInt64((ulong)key.Hash);
    }

    public static KeyId ReadId(ref ByteReader from) => new(new UInt128(from.UInt64(), from.UInt64()));

    public static void Write(ByteWriter to, KeyId key, in RememberedKey answer)
    {
        WriteId(to, key);
        to.UInt64(answer.Digest);
        to.UInt32(answer.Expires);
        to.Varint(answer.First);
        to.Signed(answer.Second);
        to.Signed(answer.Third);
        to.Signed(answer.Fourth);
    }

    /// <summary>In a restored copy the mailbox that an answer names has another epoch, and the key goes with it (spec M4, M13).</summary>
    public static KeyRememberedRecord Read(ref ByteReader from, uint incarnation)
    {
        var key = ReadId(ref from);
        var answer = new RememberedKey(from.UInt64(), from.UInt32(), from.Varint(), from.Signed(), (int)from.Signed(), from.Signed());
        var isEpoch = answer.Fourth != 0 && Epoch.HasIncarnation(answer.First);
        return new(key, isEpoch ? answer with { First = Epoch.Of(incarnation, Epoch.CounterOf(answer.First)) } : answer);
    }
}
