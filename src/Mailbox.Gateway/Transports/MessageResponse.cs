using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

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
