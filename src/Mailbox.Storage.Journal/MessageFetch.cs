using System.Buffers;
using System.Buffers.Binary;

namespace Mailbox.Storage.Journal;

/// <summary>Reads messages from the segments, neighbours in one read.</summary>
static class MessageFetch
{
    const int MaxGap = 4096;
    const int MaxWindow = 256 << 10;

    /// <summary>Reads those that were found.</summary>
    /// <exception cref="ObjectDisposedException">Compaction has moved some of them meanwhile: find them again.</exception>
    public static void Read(SegmentSet segments, ReadOnlySpan<MailboxEntry<Location>> entries, ReadOnlySpan<bool> found, Message?[] into)
    {
        for (var i = 0; i < entries.Length;)
        {
            var count = found[i] ? Neighbours(entries[i..], found[i..]) : 1;
            if (found[i]) ReadWindow(segments, entries.Slice(i, count), into.AsSpan(i, count)); else into[i] = null;
            i += count;
        }
    }

    /// <summary>The message at a place as it lies in the file, checked.</summary>
    public static ReadOnlySpan<byte> Part(Segment segment, long offset, ref byte[] buffer)
    {
        Span<byte> prefix = stackalloc byte[MessageCodec.Prefix];
        if (segment.File.Read(prefix, offset) < prefix.Length) throw Damaged(segment, offset);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(prefix[4..]) + MessageCodec.Prefix;
        if (length > segment.Length - offset) throw Damaged(segment, offset);
        if (buffer.Length < length) buffer = new byte[length];
        var part = buffer.AsSpan(0, (int)length);
        segment.File.Read(part, offset);
        return MessageCodec.Check(part) == length ? part : throw Damaged(segment, offset);
    }

    static int Neighbours(ReadOnlySpan<MailboxEntry<Location>> entries, ReadOnlySpan<bool> found)
    {
        var first = entries[0].Body;
        var end = End(entries[0]);
        var count = 1;
        for (; count < entries.Length && found[count]; count++)
        {
            ref readonly var next = ref entries[count];
            if (next.Body.Segment != first.Segment || next.Body.Offset < first.Offset) break;
            if (next.Body.Offset - end > MaxGap || End(next) - first.Offset > MaxWindow) break;
            end = Math.Max(end, End(next));
        }
        return count;
    }

    static long End(in MailboxEntry<Location> entry) => (long)entry.Body.Offset + entry.Size + MessageCodec.MaxOverhead;

    static void ReadWindow(SegmentSet segments, ReadOnlySpan<MailboxEntry<Location>> entries, Span<Message?> into)
    {
        var from = entries[0].Body.Offset;
        var segment = segments.Find(entries[0].Body.Segment) ?? throw new ObjectDisposedException(nameof(Segment));
        var length = 0L;
        foreach (ref readonly var entry in entries) length = Math.Max(length, End(entry) - from);
        var buffer = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            var window = buffer.AsSpan(0, segment.File.Read(buffer.AsSpan(0, (int)length), from));
            for (var i = 0; i < entries.Length; i++) into[i] = Read(segment, window, entries[i].Body.Offset - from, entries[i].Body.Offset);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static Message Read(Segment segment, ReadOnlySpan<byte> window, int at, long offset)
    {
        var rest = at < window.Length ? window[at..] : [];
        var length = MessageCodec.Check(rest);
        if (length > 0) return MessageCodec.Read(rest[..length]);
        byte[] buffer = [];
        return MessageCodec.Read(Part(segment, offset, ref buffer));
    }

    static JournalDamagedException Damaged(Segment segment, long offset) => new(segment.Name, offset, "a message is not valid");
}
