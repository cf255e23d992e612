using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mailbox.Gateway;

/// <summary>Passes an ordinary answer on as it is, byte for byte, while it comes.</summary>
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
            // A head whose body is yet to come does not wait for it.
            if (!reading.IsCompleted && !response.HasStarted) await response.BodyWriter.FlushAsync(left).ConfigureAwait(false);
            var read = await reading.ConfigureAwait(false);
            if (read == 0) return;
            await response.BodyWriter.WriteAsync(buffer.AsMemory(0, read), left).ConfigureAwait(false);
        }
    }
}
