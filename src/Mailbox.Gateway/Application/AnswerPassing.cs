using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>Passes an ordinary answer on, byte for byte, as it arrives.</summary>
static class AnswerPassing
{
    const int BufferBytes = 64 << 10;

    public static async Task PassAsync(HttpContext http, BackendAnswer answer, Visitor visitor, CancellationToken left)
    {
        AnswerHead.Copy(http, answer);
        AnswerHead.Remember(http, visitor);
        if (IsPrintable(answer.Reason)) http.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = answer.Reason;
        if (!AnswerHead.HasBody(http, answer)) return;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await CopyBodyAsync(http.Response, answer.Body, buffer, left).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        if (!http.Response.SupportsTrailers()) return;
        foreach (var (name, values) in answer.Trailers) http.Response.AppendTrailer(name, values);
    }

    static bool IsPrintable(string? reason) => reason is not null && !reason.AsSpan().ContainsAnyExceptInRange(' ', '~');

    static async Task CopyBodyAsync(HttpResponse response, Stream body, byte[] buffer, CancellationToken left)
    {
        while (true)
        {
            var reading = body.ReadAsync(buffer, left);
            // The head does not wait for the body.
            if (!reading.IsCompleted && !response.HasStarted) await response.BodyWriter.FlushAsync(left).ConfigureAwait(false);
            var read = await reading.ConfigureAwait(false);
            if (read == 0) return;
            await response.BodyWriter.WriteAsync(buffer.AsMemory(0, read), left).ConfigureAwait(false);
        }
    }
}

/// <summary>The head of an application's answer, for the client.</summary>
static class AnswerHead
{
    /// <exception cref="InvalidOperationException">A header has bytes that no header may have.</exception>
    public static void Copy(HttpContext http, BackendAnswer answer)
    {
        var response = http.Response;
        response.StatusCode = answer.Status;
        var connection = answer.ValuesOf("Connection");
        foreach (var (name, values) in answer.Headers)
            if (!HeaderRules.IsForOneConnection(name, connection)) response.Headers[name] = values;
        // A length without a body is a fault to some clients (RFC 9110 section 8.6).
        if (answer.Status is < 200 or StatusCodes.Status204NoContent) response.Headers.ContentLength = null;
    }

    public static bool HasBody(HttpContext http, BackendAnswer answer) =>
        http.Request.Method != "HEAD" && answer.Status is >= 200 and not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified);

    /// <summary>
    /// Sets a new visitor's cookie, once the head is complete. A shared cache may keep an answer with a cookie (RFC 9111 section 7.3) and
    /// would give one visitor's mailbox to others: so the answer becomes <c>private</c>, or gets no cookie where it is meant for shared
    /// caches.
    /// </summary>
    public static void Remember(HttpContext http, Visitor visitor)
    {
        if (!visitor.IsNew || IsForSharedCaches(http.Response)) return;
        Visitors.Remember(http, visitor);
        var headers = http.Response.Headers;
        // private="field" and no-cache let a shared cache keep the rest (RFC 9111 section 5.2.2).
        var isKept = !CacheControlHeaderValue.TryParse(headers.CacheControl.ToString(), out var caching) || !(caching.NoStore || (caching.Private && caching.PrivateHeaders.Count == 0));
        if (isKept) headers.CacheControl = StringValues.IsNullOrEmpty(headers.CacheControl) ? "private" : $"{headers.CacheControl}, private";
    }

    // A 304 updates the head of a cached answer (RFC 9111 section 4.3.4). CDN-Cache-Control and its kin override Cache-Control (RFC 9213).
    static bool IsForSharedCaches(HttpResponse response)
    {
        if (response.StatusCode == StatusCodes.Status304NotModified) return true;
        foreach (var (name, _) in response.Headers)
            if (name.EndsWith("-Cache-Control", StringComparison.OrdinalIgnoreCase) || name.Equals("Surrogate-Control", StringComparison.OrdinalIgnoreCase)) return true;
        var caching = response.Headers.CacheControl.ToString().AsSpan();
        foreach (var range in caching.Split(','))
        {
            var directive = caching[range].Trim();
            if (directive.Equals("public", StringComparison.OrdinalIgnoreCase) || directive.StartsWith("s-maxage", StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }
}
