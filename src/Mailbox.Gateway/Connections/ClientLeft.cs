using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Tells when nobody waits for an answer any more.</summary>
static class ClientLeft
{
    /// <summary>
    /// For what is held: it ends at once. On HTTP/1.1 this is also told of a client that only ends its own side, because that looks the same
    /// as one that is gone.
    /// </summary>
    // The token of an HTTP/1.1 connection exists already; a request's own costs a source for each held response (1.1 KB with its
    // registration). Where a connection carries many requests only the request's own tells.
    public static CancellationToken Of(HttpContext http)
    {
        if (!http.Request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal)) return http.RequestAborted;
        return http.Features.Get<HalfClosable>()?.Closed ?? http.Features.Get<IConnectionLifetimeFeature>()?.ConnectionClosed ?? http.RequestAborted;
    }

    /// <summary>For what is answered as soon as it can be: a client that has ended its side may still read (RFC 9293 section 3.6), so the answer has some time.</summary>
    public static CancellationToken AnsweringAtOnce(HttpContext http) => http.Features.Get<HalfClosable>() is { } connection && Of(http) == connection.Closed
        ? connection.ClosedForLong
        : Of(http);
}
