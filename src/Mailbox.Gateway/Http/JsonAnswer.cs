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

    /// <param name="write">Writes one JSON value. Static, so that an answer allocates nothing.</param>
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

/// <summary>The thread's buffer, for an answer whose length must be known before its first byte. Not to be held across an await.</summary>
static class Scratch
{
    const int InitialCapacity = 1 << 10;
    const int KeptCapacity = 64 << 10;

    [ThreadStatic]
    static ArrayBufferWriter<byte>? s_buffer;

    public static ArrayBufferWriter<byte> Take()
    {
        var buffer = s_buffer is { Capacity: <= KeptCapacity } kept ? kept : new ArrayBufferWriter<byte>(InitialCapacity);
        buffer.ResetWrittenCount();
        return s_buffer = buffer;
    }
}

/// <summary>Answers that many routes give.</summary>
static class HttpAnswers
{
    public static Task NoContent(this HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>204, or the problem that the outcome is.</summary>
    public static Task Answer(this HttpContext http, Outcome outcome) =>
        Problem.Of(outcome) is { } problem ? problem.WriteAsync(http) : http.NoContent();

    public static Task NotAllowed(this HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        return new Problem(ProblemKinds.MethodNotAllowed, $"Allowed here: {allow}.").WriteAsync(http);
    }
}
