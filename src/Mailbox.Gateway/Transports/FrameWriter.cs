using System.Buffers;

namespace Mailbox.Gateway;

/// <summary>Frames are bytes all receivers share, around a position that each receiver has for itself.</summary>
static class FrameWriter
{
    // One span for the whole frame costs one visit to the server's pipe; above this the pipe would have to allocate for it.
    public const int OneSpanLimit = 2048;

    public static void Write(
        IBufferWriter<byte> writer, ReadOnlySpan<byte> before, Position position, ReadOnlySpan<byte> after, ReadOnlySpan<byte> shared)
    {
        var most = before.Length + Position.MaxTextLength + after.Length + shared.Length;
        var whole = most <= OneSpanLimit;
        var span = writer.GetSpan(whole ? most : most - shared.Length);
        before.CopyTo(span);
        var length = before.Length;
        length += position.Format(span[length..]);
        after.CopyTo(span[length..]);
        length += after.Length;
        if (whole) shared.CopyTo(span[length..]);
        writer.Advance(whole ? length + shared.Length : length);
        if (!whole) writer.Write(shared);
    }

    /// <summary><c>{"from":P,"to":P,"reason":R}</c></summary>
    public static void WriteGap(IBufferWriter<byte> writer, Gap gap)
    {
        Write(writer, "{\"from\":\""u8, gap.From, "\",\"to\":\""u8, default);
        Write(writer, default, gap.To, "\",\"reason\":\""u8, WireName(gap.Reason));
        writer.Write("\"}"u8);
    }

    static ReadOnlySpan<byte> WireName(GapReason reason) => reason switch
    {
        GapReason.Acknowledged => "acknowledged"u8,
        GapReason.Ttl => "ttl"u8,
        GapReason.Overflow => "overflow"u8,
        GapReason.Lost => "lost"u8,
        _ => "epoch"u8,
    };
}
