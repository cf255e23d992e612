using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mailbox.Gateway;

/// <summary>
/// Reads a request's whole body, and enforces the bound before and while it reads. Undoes <c>Content-Encoding</c> (RFC 9110 section 8.4),
/// because readers of a message get only its media type.
/// </summary>
static class BodyReader
{
    const int FirstBuffer = 4096;

    static Problem UnknownCoding { get; } = new(ProblemKinds.UnsupportedMediaType, "Content-Encoding: must be gzip, deflate, br or identity.");

    /// <exception cref="BadHttpRequestException">The body broke off or its framing is malformed.</exception>
    /// <returns>The body, at most <paramref name="limit"/> bytes, or why there is none.</returns>
    public static async ValueTask<(byte[]? Body, Problem? Problem)> ReadAsync(HttpRequest request, long limit, CancellationToken cancel = default)
    {
        if (IsEncoded(request)) return await DecodeAsync(request, limit, cancel).ConfigureAwait(false);
        if (request.ContentLength > limit) return (null, Problem.TooLarge(limit));
        if (request.ContentLength == 0) return ([], null);
        Admit(request.HttpContext, limit);
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancel).ConfigureAwait(false);
            var buffer = read.Buffer;
            var isTooLarge = buffer.Length > limit;
            if (read.IsCompleted || isTooLarge)
            {
                var body = isTooLarge ? null : buffer.ToArray();
                // The server reads the rest, so that the connection can be used again; an open read would prevent that.
                reader.AdvanceTo(buffer.End);
                return isTooLarge ? (null, Problem.TooLarge(limit)) : (body, null);
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>The body, decoded.</summary>
    /// <returns>Null, and a refusal that names the known codings (RFC 9110 section 15.5.16), where there is another.</returns>
    public static (Stream? Decoded, Problem? Problem) Decode(HttpRequest request)
    {
        if (ContentDecoding.Of(request.Body, request.Headers.ContentEncoding.ToString()) is { } decoded) return (decoded, null);
        request.HttpContext.Response.Headers.AcceptEncoding = "gzip, deflate, br";
        return (null, UnknownCoding);
    }

    public static bool IsEncoded(HttpRequest request) => request.Headers.ContentEncoding.Count > 0;

    /// <summary>Raises the server's own bound on the body's size: ours is the one that counts.</summary>
    public static void Admit(HttpContext http, long limit)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size && size.MaxRequestBodySize < limit)
            size.MaxRequestBodySize = limit == long.MaxValue ? null : limit;
    }

    /// <summary>Lifts the server's bounds on the size and the pace of a body that is passed on.</summary>
    public static void DisableServerBounds(HttpContext http)
    {
        Admit(http, long.MaxValue);
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
    }

    // The bound is on the decoded bytes: a small body may decode to a very large one.
    static async ValueTask<(byte[]? Body, Problem? Problem)> DecodeAsync(HttpRequest request, long limit, CancellationToken cancel)
    {
        var (stream, problem) = Decode(request);
        if (stream is null) return (null, problem);
        Admit(request.HttpContext, limit);
        await using var decoded = stream.ConfigureAwait(false);
        var buffer = new byte[Math.Min(FirstBuffer, limit + 1)];
        var length = 0;
        try
        {
            while (await stream.ReadAsync(buffer.AsMemory(length), cancel).ConfigureAwait(false) is > 0 and var read)
            {
                length += read;
                if (length > limit) return (null, Problem.TooLarge(limit));
                if (length == buffer.Length) Array.Resize(ref buffer, (int)Math.Min(2L * length, limit + 1));
            }
        }
        catch (Exception fault) when (fault is InvalidDataException or InvalidOperationException)
        {
            return (null, JsonRequest.Bad("the body", "is not what its Content-Encoding says, or breaks off"));
        }
        return (buffer.AsSpan(0, length).ToArray(), null);
    }
}

/// <summary>Decodes a body while it is read (RFC 9110 section 8.4.1).</summary>
static class ContentDecoding
{
    /// <summary>
    /// By default .NET's decoders take a truncated body for a whole one. To be called before the first of them is used; affects the whole
    /// process, so it is the host's to call.
    /// </summary>
    public static void RefuseTruncated() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <param name="encoding">The header <c>Content-Encoding</c>, the coding that was applied last standing last; null for none.</param>
    /// <returns>Null where a coding is not known.</returns>
    public static Stream? Of(Stream body, string? encoding)
    {
        var decoded = body;
        foreach (var coding in (encoding ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            if (Decode(decoded, coding) is not { } next) return null;
            decoded = next;
        }
        return decoded;
    }

    static Stream? Decode(Stream body, string coding) => coding.ToLowerInvariant() switch
    {
        "identity" => body,
        "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress, leaveOpen: true),
        "deflate" => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true),
        "br" => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true),
        _ => null,
    };
}
