using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Mailbox.Gateway;

/// <summary>
/// What became of the letters of a request, as the JSON list that will answer it. The answer's status is known at the end only, and
/// letters have no bound, so that a long list waits in a temporary file.
/// </summary>
sealed class OutcomeList : IAsyncDisposable
{
    const int ChunkBytes = 16 << 10;
    const int MaxBytesInMemory = 1 << 20;
    const int MaxAnswerChunk = 64 << 10;

    // Only one who sends millions of letters in one request comes so far; it must not fill the disk.
    const long MaxBytes = 1 << 30;

    readonly FileBufferingWriteStream _list = new(MaxBytesInMemory);
    readonly ArrayBufferWriter<byte> _newest = new();
    readonly Utf8JsonWriter _json;
    bool _isBegun;

    public OutcomeList() => _json = new(_newest, JsonAnswer.WriterOptions);

    /// <summary>No further letter may be taken.</summary>
    public bool IsFull => _list.Length > MaxBytes;

    public async ValueTask AddAsync(Letter letter)
    {
        if (_isBegun) _newest.Write(","u8);
        _isBegun = true;
        _json.Reset(_newest);
        letter.WriteTo(_json);
        _json.Flush();
        if (_newest.WrittenCount < ChunkBytes) return;
        await _list.WriteAsync(_newest.WrittenMemory).ConfigureAwait(false);
        _newest.ResetWrittenCount();
    }

    /// <param name="fault">Why there are no more, or null.</param>
    public async Task AnswerAsync(HttpContext http, Problem? fault)
    {
        var (head, end, response) = (HeadOf(fault), fault is null ? "]"u8.ToArray() : "]}"u8.ToArray(), http.Response);
        response.StatusCode = fault?.Kind.Status ?? StatusCodes.Status200OK;
        response.ContentType = fault is null ? "application/json" : "application/problem+json";
        response.ContentLength = head.Length + _list.Length + _newest.WrittenCount + end.Length;
        if (fault is not null) response.Headers.CacheControl = "no-store";
        // The list comes by the kilobyte, and each would be a packet of its own.
        var body = new BufferedStream(response.Body, (int)Math.Min(response.ContentLength.Value, MaxAnswerChunk));
        await body.WriteAsync(head).ConfigureAwait(false);
        await _list.DrainBufferAsync(body).ConfigureAwait(false);
        await body.WriteAsync(_newest.WrittenMemory).ConfigureAwait(false);
        await body.WriteAsync(end).ConfigureAwait(false);
        await body.FlushAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync().ConfigureAwait(false);
        await _list.DisposeAsync().ConfigureAwait(false);
    }

    static byte[] HeadOf(Problem? fault)
    {
        if (fault is null) return "["u8.ToArray();
        var head = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(head, JsonAnswer.WriterOptions);
        json.WriteStartObject();
        fault.WriteMembers(json);
        json.WriteStartArray("delivered"u8);
        json.Flush();
        return head.WrittenSpan.ToArray();
    }
}
