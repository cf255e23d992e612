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

    /// <remarks>
    /// A direction ends alone: when the client has said all, the application has what was said and then the end of it, and may still answer
    /// (RFC 9110 section 9.3.6), as long as it is not silent for <paramref name="silence"/>. When the application has said all both end,
    /// because the server cannot end one side of a client's connection.
    /// </remarks>
    public static async Task RunAsync(HttpContext http, BackendAnswer answer, Visitor visitor, TimeSpan silence, TimeProvider time)
    {
        AnswerHead.Copy(http, answer);
        AnswerHead.Remember(http, visitor);
        await using var client = await AcceptAsync(http, answer).ConfigureAwait(false);
        // Not ClientLeft: that may be the end of what the client says, and no more.
        using var patience = new Patience(silence, time, http.RequestAborted);
        patience.Lift();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token);
        var up = CopyUpAsync(client, answer, end.Token);
        var down = CopyAsync(answer.Body, client, patience, end.Token);
        var last = await Task.WhenAny(up, down).ConfigureAwait(false);
        if (last == up && up.IsCompletedSuccessfully)
        {
            patience.Restore();
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

    static async Task CopyAsync(Stream from, Stream to, Patience? patience, CancellationToken end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, end).ConfigureAwait(false)) > 0)
            {
                patience?.Renew();
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
