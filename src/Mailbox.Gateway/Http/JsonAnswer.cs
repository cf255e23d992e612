using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Writes a whole JSON answer with its <c>Content-Length</c> straight into the response's pipe.</summary>
static class JsonAnswer
{
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [ThreadStatic]
    static Utf8JsonWriter? s_writer;

    /// <param name="write">Writes one JSON value; static, so that an answer allocates nothing.</param>
    public static Task WriteAsync<T>(
        HttpContext http, int status, T value, Action<Utf8JsonWriter, T> write, string contentType = "application/json")
    {
        var buffer = Scratch.Take();
        var json = s_writer ??= new(buffer, WriterOptions);
        json.Reset(buffer);
        write(json, value);
        json.Flush();
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        return WriteAsync(http, buffer.WrittenSpan);
    }

    public static Task WriteAsync(HttpContext http, ReadOnlySpan<byte> body)
    {
        http.Response.ContentLength = body.Length;
        var writer = http.Response.BodyWriter;
        writer.Write(body);
        var flush = writer.FlushAsync(CancellationToken.None);
        return flush.IsCompletedSuccessfully ? Task.CompletedTask : flush.AsTask();
    }
}
