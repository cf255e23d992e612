using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Tells when nobody waits for an answer any more.</summary>
static class ClientLeft
{
    // The token of an HTTP/1.1 connection exists already; a request's own costs a source for each held response (1.1 KB with its
    // registration). Where a connection carries many requests only the request's own tells.
    public static CancellationToken Of(HttpContext http) =>
        http.Request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal) && http.Features.Get<IConnectionLifetimeFeature>() is { } connection
            ? connection.ConnectionClosed
            : http.RequestAborted;
}
