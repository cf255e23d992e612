using System.Buffers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>
/// A connection that changes its protocol, such as to WebSocket: bytes both ways until one side ends. A WebSocket of HTTP/2 (RFC 8441) is
/// one of HTTP/1.1 to the application.
/// </summary>
static class Tunnel
{
    const int BufferBytes = 8 << 10;
    const int KeyBytes = 16;

    /// <summary>Whether a CONNECT is a WebSocket's.</summary>
    public static bool IsAskedFor(HttpContext http) =>
        http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };

    /// <returns>Null where the connection is to stay what it is.</returns>
    public static string? ProtocolOf(HttpContext http)
    {
        if (IsAskedFor(http)) return "websocket";
        if (http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }) return null;
        return http.Request.Headers.Upgrade is [{ } protocol] && IsAllowed(protocol) ? protocol : null;
    }

    /// <summary>What HTTP/2 leaves out of a WebSocket's handshake.</summary>
    public static void AddHandshake(HttpContext http, List<KeyValuePair<string, StringValues>> headers)
    {
        if (!IsAskedFor(http)) return;
        headers.Add(new("Sec-WebSocket-Key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes))));
    }

    public static async Task RunAsync(HttpContext http, BackendAnswer answer, Visitor visitor, CancellationToken left)
    {
        AnswerHead.Copy(http, answer, visitor);
        await using var client = await AcceptAsync(http, answer).ConfigureAwait(false);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(left);
        var up = CopyAsync(client, answer.Body, end.Token);
        var down = CopyAsync(answer.Body, client, end.Token);
        var first = await Task.WhenAny(up, down).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(up, down).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
    }

    static ValueTask<Stream> AcceptAsync(HttpContext http, BackendAnswer answer)
    {
        if (IsAskedFor(http))
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            http.Response.Headers.Remove("Sec-WebSocket-Accept");
            return http.Features.Get<IHttpExtendedConnectFeature>()!.AcceptAsync();
        }
        http.Response.Headers.Upgrade = answer.Header("Upgrade");
        return new(http.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync());
    }

    // Behind an upgrade to HTTP the client could say to the application what the gateway keeps from it.
    static bool IsAllowed(string protocol) =>
        protocol.Length > 0 && protocol.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '/')
        && !protocol.StartsWith("h2", StringComparison.OrdinalIgnoreCase) && !protocol.StartsWith("HTTP", StringComparison.OrdinalIgnoreCase)
        && !protocol.StartsWith("TLS", StringComparison.OrdinalIgnoreCase);

    static async Task CopyAsync(Stream from, Stream to, CancellationToken end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, end).ConfigureAwait(false)) > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), end).ConfigureAwait(false);
                await to.FlushAsync(end).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
