using System.Buffers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>
/// A connection that changes its protocol, such as to WebSocket: bytes both ways. A WebSocket of HTTP/2 (RFC 8441) is
/// one of HTTP/1.1 to the application.
/// </summary>
static class Tunnel
{
    const int BufferBytes = 8 << 10;
    const int KeyBytes = 16;

    /// <returns>The protocol to upgrade to; null for none.</returns>
    public static string? ProtocolOf(HttpContext http)
    {
        if (WebSocketHandshake.IsConnect(http)) return "websocket";
        if (http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }) return null;
        return http.Request.Headers.Upgrade is [{ } protocol] && IsAllowed(protocol) ? protocol : null;
    }

    /// <summary>Adds the header of a WebSocket's handshake that HTTP/2 lacks.</summary>
    public static void AddHandshake(HttpContext http, List<KeyValuePair<string, StringValues>> headers)
    {
        if (!WebSocketHandshake.IsConnect(http)) return;
        headers.Add(new("Sec-WebSocket-Key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes))));
    }

    /// <remarks>
    /// When the client has closed its side, the application still gets all bytes and their end, and may go on to answer (RFC 9110 section
    /// 9.3.6) as long as it is not silent for <paramref name="silence"/>. When the application has closed its side, both end, because the
    /// server cannot close one side of a client's connection.
    /// </remarks>
    public static async Task RunAsync(HttpContext http, BackendAnswer answer, Visitor visitor, TimeSpan silence, TimeProvider time)
    {
        AnswerHead.Copy(http, answer);
        AnswerHead.Remember(http, visitor);
        Stream upgraded;
        if (WebSocketHandshake.IsConnect(http))
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            http.Response.Headers.Remove("Sec-WebSocket-Accept");
            upgraded = await http.Features.Get<IHttpExtendedConnectFeature>()!.AcceptAsync().ConfigureAwait(false);
        }
        else
        {
            http.Response.Headers.Upgrade = answer.Header("Upgrade");
            upgraded = await http.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync().ConfigureAwait(false);
        }
        await using var client = upgraded.ConfigureAwait(false);
        // Not ClientLeft, which also ends when the client closes its own side only.
        using var timeout = new ResettableTimeout(silence, time, http.RequestAborted);
        timeout.Suspend();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token);
        var up = CopyUpAsync(upgraded, answer, end.Token);
        var down = CopyAsync(answer.Body, upgraded, timeout, end.Token);
        var last = await Task.WhenAny(up, down).ConfigureAwait(false);
        if (last == up && up.IsCompletedSuccessfully)
        {
            timeout.Resume();
            last = down;
            await down.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(up, down).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await last.ConfigureAwait(false);
    }

    static async Task CopyUpAsync(Stream client, BackendAnswer answer, CancellationToken end)
    {
        await CopyAsync(client, answer.Body, null, end).ConfigureAwait(false);
        await answer.EndWritingAsync(end).ConfigureAwait(false);
    }

    // After an upgrade to another HTTP version the client could send headers that the gateway withholds.
    static bool IsAllowed(string protocol) =>
        protocol.Length > 0 && protocol.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '/')
        && !protocol.StartsWith("h2", StringComparison.OrdinalIgnoreCase) && !protocol.StartsWith("HTTP", StringComparison.OrdinalIgnoreCase)
        && !protocol.StartsWith("TLS", StringComparison.OrdinalIgnoreCase);

    static async Task CopyAsync(Stream from, Stream to, ResettableTimeout? timeout, CancellationToken end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, end).ConfigureAwait(false)) > 0)
            {
                timeout?.Reset();
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
