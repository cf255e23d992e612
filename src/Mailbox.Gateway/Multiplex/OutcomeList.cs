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
    const int MaxBytesInMemory = 1 << 20;

    // Only one who sends millions of letters in one request comes so far; it must not fill the disk.
    const long MaxBytes = 1 << 30;

    readonly FileBufferingWriteStream _list = new(MaxBytesInMemory);
    readonly ArrayBufferWriter<byte> _one = new();
    readonly Utf8JsonWriter _json;

    public OutcomeList() => _json = new(_one, JsonAnswer.WriterOptions);

    /// <summary>No further letter may be taken.</summary>
    public bool IsFull => _list.Length > MaxBytes;

    public ValueTask AddAsync(Letter letter)
    {
        _one.ResetWrittenCount();
        if (_list.Length > 0) _one.Write(","u8);
        _json.Reset(_one);
        letter.WriteTo(_json);
        _json.Flush();
        return _list.WriteAsync(_one.WrittenMemory);
    }

    /// <param name="fault">Why there are no more, or null.</param>
    public async Task AnswerAsync(HttpContext http, Problem? fault)
    {
        WriteHead(fault);
        var (response, end) = (http.Response, fault is null ? "]" : "]}");
        response.StatusCode = fault?.Kind.Status ?? StatusCodes.Status200OK;
        response.ContentType = fault is null ? "application/json" : "application/problem+json";
        response.ContentLength = _one.WrittenCount + _list.Length + end.Length;
        if (fault is not null) response.Headers.CacheControl = "no-store";
        response.BodyWriter.Write(_one.WrittenSpan);
        await _list.DrainBufferAsync(response.BodyWriter).ConfigureAwait(false);
        await response.WriteAsync(end).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync().ConfigureAwait(false);
        await _list.DisposeAsync().ConfigureAwait(false);
    }

    void WriteHead(Problem? fault)
    {
        _one.ResetWrittenCount();
        _json.Reset(_one);
        if (fault is null)
        {
            _json.WriteStartArray();
        }
        else
        {
            _json.WriteStartObject();
            fault.WriteMembers(_json);
            _json.WriteStartArray("delivered"u8);
        }
        _json.Flush();
    }
}
