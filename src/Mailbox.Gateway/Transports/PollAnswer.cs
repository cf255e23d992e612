using System.Buffers;

namespace Mailbox.Gateway;

/// <summary>
/// The answer to a poll: <c>{"position":P,"gap":G?,"messages":[…],"closed":C?}</c>. A gap before the first message stands beside the
/// messages; one between two messages is a member of the message that it precedes.
/// </summary>
static class PollAnswer
{
    /// <param name="start">The reader's position before <paramref name="taken"/>.</param>
    /// <param name="taken">A gap at the end is left to the next poll, unless it is all there is.</param>
    public static ReadOnlySpan<byte> Encode(Position start, List<Received> taken, Closing? closing)
    {
        if (taken is [_, .., { Gap: not null }]) taken.RemoveAt(taken.Count - 1);
        var buffer = Scratch.Take();
        FrameWriter.Write(buffer, "{\"position\":\""u8, taken.Count == 0 ? start : taken[^1].Position, "\""u8, default);
        if (taken is [{ Gap: { } gap }, ..]) WriteGap(buffer, gap);
        buffer.Write(",\"messages\":["u8);
        WriteMessages(buffer, taken);
        buffer.Write("]"u8);
        if (closing is not null) WriteClosing(buffer, closing);
        buffer.Write("}"u8);
        return buffer.WrittenSpan;
    }

    static void WriteMessages(ArrayBufferWriter<byte> buffer, List<Received> taken)
    {
        var any = false;
        for (var i = 0; i < taken.Count; i++)
        {
            if (taken[i].Message is not { } message) continue;
            FrameWriter.Write(buffer, any ? ",{\"position\":\""u8 : "{\"position\":\""u8, taken[i].Position, "\""u8, default);
            if (any && taken[i - 1].Gap is { } gap) WriteGap(buffer, gap);
            buffer.Write(EncodedForms.Of(message).Json(message));
            any = true;
        }
    }

    static void WriteGap(ArrayBufferWriter<byte> buffer, Gap gap)
    {
        buffer.Write(",\"gap\":"u8);
        FrameWriter.WriteGap(buffer, gap);
    }

    static void WriteClosing(ArrayBufferWriter<byte> buffer, Closing closing)
    {
        buffer.Write(",\"closed\":"u8);
        closing.WriteTo(buffer);
    }
}
