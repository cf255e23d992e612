using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>
/// Station 7: polls and long-polls, one JSON answer: <c>{"position":P,"gap":G?,"messages":[…],"uplink":N?,"closed":C?}</c>. A gap can stand
/// only before the first message; before a later one the answer ends (<see cref="OpenRequest.GapsFirst"/>), and the next poll begins with
/// the gap. Writes, never flushes.
/// </summary>
static class PollTransport
{
    /// <param name="start">The reader's position before <paramref name="taken"/>.</param>
    /// <param name="uplink">The highest accepted number of the client's messages; null for polls that carry none.</param>
    public static void Write(HttpContext http, Position start, List<Received> taken, Closing? closing, long? uplink = null)
    {
        var buffer = Scratch.Take();
        FrameWriter.Write(buffer, "{\"position\":\""u8, taken.Count == 0 ? start : taken[^1].Position, "\""u8, default);
        if (taken is [{ Gap: { } gap }, ..])
        {
            buffer.Write(",\"gap\":"u8);
            FrameWriter.WriteGap(buffer, gap);
        }
        buffer.Write(",\"messages\":["u8);
        var before = "{\"position\":\""u8;
        foreach (var received in taken)
        {
            if (received.Message is not { } message) continue;
            FrameWriter.Write(buffer, before, received.Position, "\""u8, default);
            buffer.Write(EncodedForms.Of(message).Json(message));
            before = ",{\"position\":\""u8;
        }
        buffer.Write("]"u8);
        if (uplink is not null)
        {
            buffer.Write(",\"uplink\":"u8);
            UplinkReceipt.WriteNumber(buffer, uplink.Value);
        }
        if (closing is not null)
        {
            buffer.Write(",\"closed\":"u8);
            buffer.Write(closing.Json);
        }
        buffer.Write("}"u8);
        MessageResponse.Prepare(http, "application/json");
        http.Response.ContentLength = buffer.WrittenCount;
        http.Response.BodyWriter.Write(buffer.WrittenSpan);
    }
}

/// <summary>The head of every response that carries messages: no cache or proxy may keep, compress or buffer it.</summary>
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

    /// <summary>
    /// Lifts the server's minimum rate, which would end streams that pause. The gateway has its own rule for slow readers (spec M17).
    /// </summary>
    public static void DisableServerRate(HttpContext http)
    {
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
    }
}
