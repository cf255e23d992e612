using System.Buffers;

namespace Mailbox.Gateway;

/// <summary>
/// The answer to a poll: <c>{"position":P,"gap":G?,"messages":[…],"uplink":N?,"closed":C?}</c>. The gap comes before the first message; where one
/// comes later the answer ends before it (<see cref="OpenRequest.GapsFirst"/>), and the next poll begins with it.
/// </summary>
static class PollAnswer
{
    /// <param name="start">The reader's position before <paramref name="taken"/>.</param>
    public static ReadOnlySpan<byte> Encode(Position start, List<Received> taken, Closing? closing, long? uplink = null)
    {
        var buffer = Scratch.Take();
        FrameWriter.Write(buffer, "{\"position\":\""u8, taken.Count == 0 ? start : taken[^1].Position, "\""u8, default);
        if (taken is [{ Gap: { } gap }, ..]) WriteGap(buffer, gap);
        buffer.Write(",\"messages\":["u8);
        WriteMessages(buffer, taken);
        buffer.Write("]"u8);
        if (uplink is not null) UplinkReceipt.WriteMember(buffer, uplink.Value);
        if (closing is not null) WriteClosing(buffer, closing);
        buffer.Write("}"u8);
        return buffer.WrittenSpan;
    }

    static void WriteMessages(ArrayBufferWriter<byte> buffer, List<Received> taken)
    {
        var before = "{\"position\":\""u8;
        foreach (var received in taken)
        {
            if (received.Message is not { } message) continue;
            FrameWriter.Write(buffer, before, received.Position, "\""u8, default);
            buffer.Write(EncodedForms.Of(message).Json(message));
            before = ",{\"position\":\""u8;
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
