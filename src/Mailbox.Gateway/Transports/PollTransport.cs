using System.Buffers;
using Microsoft.AspNetCore.Http;

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
