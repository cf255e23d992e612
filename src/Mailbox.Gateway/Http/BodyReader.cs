using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mailbox.Gateway;

/// <summary>Reads a request's body whole, with its bound enforced before and while reading.</summary>
static class BodyReader
{
    /// <exception cref="BadHttpRequestException">The body broke off or its framing is malformed.</exception>
    /// <returns>Null where the body is larger than <paramref name="limit"/>.</returns>
    public static async ValueTask<byte[]?> ReadAsync(HttpRequest request, long limit, CancellationToken cancel = default)
    {
        if (request.ContentLength > limit) return null;
        if (request.ContentLength == 0) return [];
        Admit(request.HttpContext, limit);
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancel).ConfigureAwait(false);
            var buffer = read.Buffer;
            if (buffer.Length > limit) return null;
            if (read.IsCompleted) return Take(buffer, reader);
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>The server has a bound of its own; ours is the one that counts.</summary>
    public static void Admit(HttpContext http, long limit)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size && size.MaxRequestBodySize < limit)
            size.MaxRequestBodySize = limit;
    }

    static byte[] Take(ReadOnlySequence<byte> buffer, System.IO.Pipelines.PipeReader reader)
    {
        var body = buffer.ToArray();
        reader.AdvanceTo(buffer.End);
        return body;
    }
}
