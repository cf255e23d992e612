using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>Station 7: polls and long-polls, one JSON answer. Writes, never flushes.</summary>
static class PollTransport
{
    public static void Write(HttpContext http, Position start, List<Received> taken, Closing? closing, long? uplink = null)
    {
        var body = PollAnswer.Encode(start, taken, closing, uplink);
        MessageResponse.Prepare(http, "application/json");
        http.Response.ContentLength = body.Length;
        http.Response.BodyWriter.Write(body);
    }
}

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

/// <summary>The head of every response that carries messages: nothing between us and the reader may keep, compress or collect it.</summary>
static class MessageResponse
{
    static readonly StringValues s_noStore = "no-store, no-transform";
    static readonly StringValues s_no = "no";

    public static void Prepare(HttpContext http, string contentType)
    {
        var headers = http.Response.Headers;
        headers.ContentType = contentType;
        headers.CacheControl = s_noStore;
        headers["X-Accel-Buffering"] = s_no;
    }

    /// <summary>The gateway has one rule for slow readers (spec M17), and the server's would end streams that are merely idle in bursts.</summary>
    public static void DisableServerRate(HttpContext http)
    {
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
    }
}
