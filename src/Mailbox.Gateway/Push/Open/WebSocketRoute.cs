using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mailbox.Gateway;

/// <summary>Station 9: opens a mailbox over a WebSocket. What can be refused is refused before the upgrade, as for a poll.</summary>
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
        if (opened.Reader is null)
        {
            await refusals.WriteAsync(http, query.Accepted, opened.Outcome).ConfigureAwait(false);
            return;
        }
        held.Metrics.Opened(TransportKind.Websocket);
        await Hold(http, connection, opened.Reader, new(connection, requests, mailbox, query.Request.Client)).ConfigureAwait(false);
    }

    async Task Hold(HttpContext http, WebSocketConnection connection, IMailboxReader reader, ClientFrames frames)
    {
        var stream = await Upgrade(http, reader).ConfigureAwait(false);
        var ended = connection.HoldAsync(reader, stream);
        var reading = frames.ReadAsync(stream);
        await ended.ConfigureAwait(false);
        connection.Release();
        await Part(http, reading).ConfigureAwait(false);
    }

    static async Task<Stream> Upgrade(HttpContext http, IMailboxReader reader)
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

    // RFC 6455 section 7.1.1: the server closes the connection below, but not before the client has had time to say goodbye.
    async Task Part(HttpContext http, Task reading)
    {
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
}

/// <summary>Makes a request the two-way stream below a WebSocket: by an upgrade (RFC 6455 section 4) or by CONNECT over HTTP/2 (RFC 8441).</summary>
static class WebSocketHandshake
{
    public const string Subprotocol = "mailbox.v1";
    const string Version = "13";
    const int KeyBytes = 16;

    // Also where the request is none that can become a WebSocket, so that a proxy which drops "Upgrade" is found at once.
    public static bool IsAsked(HttpRequest request) =>
        IsConnect(request.HttpContext) || request.Headers.ContainsKey("Sec-WebSocket-Key") || Lists(request.Headers.Upgrade, "websocket");

    /// <returns>Why it cannot be; null where it can.</returns>
    public static Problem? FaultOf(HttpContext http, Cors cors)
    {
        var headers = http.Request.Headers;
        if (!IsConnect(http) && UpgradeFaultOf(http) is { } fault) return fault;
        if (headers.SecWebSocketVersion != Version) return WrongVersion(http);
        if (!Lists(headers.SecWebSocketProtocol, Subprotocol)) return Bad($"Sec-WebSocket-Protocol: must offer {Subprotocol}.");
        return cors.Admits(http.Request) ? null : new(ProblemKinds.BadOrigin, "Origin: neither the gateway's own nor listed in Mailbox:CorsOrigins.");
    }

    public static ValueTask<Stream> AcceptAsync(HttpContext http)
    {
        Unbind(http);
        http.Response.Headers.SecWebSocketProtocol = Subprotocol;
        if (IsConnect(http)) return http.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        http.Response.Headers.Upgrade = "websocket";
        http.Response.Headers.SecWebSocketAccept = AnswerTo(http.Request.Headers["Sec-WebSocket-Key"].ToString());
        return new(http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync());
    }

    static bool IsConnect(HttpContext http) =>
        http.Request.Method == "CONNECT" && http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };

    static Problem? UpgradeFaultOf(HttpContext http)
    {
        if (http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } || !Lists(http.Request.Headers.Upgrade, "websocket"))
        {
            http.Response.Headers.Upgrade = "websocket";
            return new(ProblemKinds.UpgradeRequired, "Connection, Upgrade: must be 'Upgrade' and 'websocket', and reach the server.");
        }
        return IsKey(http.Request.Headers["Sec-WebSocket-Key"].ToString()) ? null : Bad("Sec-WebSocket-Key: must be the base64 of 16 bytes.");
    }

    static bool IsKey(string key) => Base64.IsValid(key, out var length) && length == KeyBytes;

    static Problem WrongVersion(HttpContext http)
    {
        http.Response.Headers.SecWebSocketVersion = Version;
        return new(ProblemKinds.UpgradeRequired, $"Sec-WebSocket-Version: must be {Version}.");
    }

    static Problem Bad(string detail) => new(ProblemKinds.BadHeader, detail);

    static bool Lists(Microsoft.Extensions.Primitives.StringValues values, string word)
    {
        foreach (var line in values)
            foreach (var part in line.AsSpan().Split(','))
                if (line.AsSpan(part).Trim().Equals(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    // The server's bounds are for bodies that end.
    static void Unbind(HttpContext http)
    {
        MessageResponse.DisableServerRate(http);
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
    }

#pragma warning disable CA5350 // The protocol's own: it proves that the server speaks it, and keeps nothing secret.
    static string AnswerTo(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
}
