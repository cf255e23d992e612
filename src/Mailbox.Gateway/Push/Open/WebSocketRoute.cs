using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mailbox.Gateway;

/// <summary>Station 9: opens a mailbox over a WebSocket. Refusals are sent before the upgrade, as for a poll.</summary>
sealed class WebSocketRoute(IMailboxGrid grid, HeldConnections held, Cors cors, OpenRefusals refusals, ClientRequests requests)
{
    static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);

    public async Task Handle(HttpContext http, MailboxName mailbox, OpenQuery query)
    {
        if (WebSocketHandshake.FaultOf(http, cors) is { } problem)
        {
            await problem.WriteAsync(http).ConfigureAwait(false);
            return;
        }
        var connection = new WebSocketConnection(held, http);
        var opened = held.IsDraining ? new(OpenOutcome.Stopping)
            : await grid.OpenAsync(mailbox, query.Request, connection, ClientLeft.Of(http)).ConfigureAwait(false);
        if (opened.Reader is not { } reader)
        {
            await refusals.WriteAsync(http, query.Accepted, opened.Outcome).ConfigureAwait(false);
            return;
        }
        held.Metrics.Opened(TransportKind.Websocket);
        var stream = await UpgradeAsync(http, reader).ConfigureAwait(false);
        var ended = connection.HoldAsync(reader, stream);
        var reading = new ClientFrames(connection, requests, mailbox, query.Request.Client).ReadAsync(stream);
        await ended.ConfigureAwait(false);
        // RFC 6455 section 7.1.1: the server closes the connection below, but gives the client time to send its close first.
        try
        {
            await reading.WaitAsync(s_goodbye, held.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            http.Abort();
            await reading.ConfigureAwait(false);
        }
    }

    static async Task<Stream> UpgradeAsync(HttpContext http, IMailboxReader reader)
    {
        try
        {
            return await WebSocketHandshake.AcceptAsync(http).ConfigureAwait(false);
        }
        catch
        {
            reader.Close();
            throw;
        }
    }
}

/// <summary>Makes a request the two-way stream below a WebSocket: by an upgrade (RFC 6455 section 4) or by CONNECT over HTTP/2 (RFC 8441).</summary>
static class WebSocketHandshake
{
    public const string Subprotocol = "mailbox.v1";
    const string Version = "13";
    const int KeyBytes = 16;

    /// <summary>True also for a request that cannot become a WebSocket, so that a proxy which drops <c>Upgrade</c> is found at once.</summary>
    public static bool IsAsked(HttpRequest request) =>
        IsConnect(request.HttpContext) || request.Headers.ContainsKey("Sec-WebSocket-Key") || HeaderRules.Lists(request.Headers.Upgrade, "websocket");

    /// <returns>Why the request cannot become a WebSocket; null where it can.</returns>
    public static Problem? FaultOf(HttpContext http, Cors cors)
    {
        var headers = http.Request.Headers;
        if (!IsConnect(http))
        {
            if (http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } || !HeaderRules.Lists(headers.Upgrade, "websocket"))
            {
                http.Response.Headers.Upgrade = "websocket";
                return new(ProblemKinds.UpgradeRequired, "Connection, Upgrade: must be 'Upgrade' and 'websocket', and reach the server.");
            }
            if (!Base64.IsValid(headers["Sec-WebSocket-Key"].ToString(), out var length) || length != KeyBytes)
                return new(ProblemKinds.BadHeader, "Sec-WebSocket-Key: must be the base64 of 16 bytes.");
        }
        if (headers.SecWebSocketVersion != Version)
        {
            http.Response.Headers.SecWebSocketVersion = Version;
            return new(ProblemKinds.UpgradeRequired, $"Sec-WebSocket-Version: must be {Version}.");
        }
        if (!HeaderRules.Lists(headers.SecWebSocketProtocol, Subprotocol)) return new(ProblemKinds.BadHeader, $"Sec-WebSocket-Protocol: must offer {Subprotocol}.");
        return cors.Admits(http.Request) ? null : new(ProblemKinds.BadOrigin, "Origin: neither the gateway's own nor listed in Mailbox:CorsOrigins.");
    }

    public static ValueTask<Stream> AcceptAsync(HttpContext http)
    {
        // The server's bounds are for bodies that end.
        MessageResponse.DisableServerRate(http);
        BodyReader.DisableServerBounds(http);
        http.Response.Headers.SecWebSocketProtocol = Subprotocol;
        if (IsConnect(http)) return http.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        http.Response.Headers.Upgrade = "websocket";
#pragma warning disable CA5350 // RFC 6455 section 4.2.2 asks for SHA-1: it proves that the server speaks the protocol, and protects nothing.
        var proof = SHA1.HashData(Encoding.ASCII.GetBytes(http.Request.Headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
#pragma warning restore CA5350
        http.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(proof);
        return new(http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync());
    }

    /// <summary>Whether the request is a CONNECT for a WebSocket.</summary>
    public static bool IsConnect(HttpContext http) =>
        http.Request.Method == "CONNECT" && http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };
}
