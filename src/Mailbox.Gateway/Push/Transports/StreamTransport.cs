using System.Buffers;
using System.IO.Pipelines;

namespace Mailbox.Gateway;

/// <summary>Station 7: frames messages, gaps and endings for one kind of endless response. Writes, never flushes. Safe from any thread.</summary>
abstract class StreamTransport
{
    /// <summary>Its name in metrics.</summary>
    public abstract TransportKind Kind { get; }

    public abstract string ContentType { get; }

    /// <summary>Writes the position, before anything else (spec M9).</summary>
    public abstract void Begin(PipeWriter writer, Position position);

    public abstract void Message(PipeWriter writer, Position position, Message message);

    public abstract void Gap(PipeWriter writer, Gap gap);

    public abstract void Heartbeat(PipeWriter writer);

    public abstract void Close(PipeWriter writer, Closing closing);
}

/// <summary>The transports as metrics name them.</summary>
enum TransportKind : byte
{
    Poll,
    Sse,
    Ndjson,
    Multipart,
    Websocket,
    Exchange,
}

/// <summary>
/// A message's encoded forms, one for each transport that has needed one, shared by all receivers. Two threads may make the same form
/// at once; the forms are equal and the last stays.
/// </summary>
sealed class EncodedForms
{
    byte[]? _json;
    byte[]? _sse;
    byte[]? _part;

    public static EncodedForms Of(Message message)
    {
        if (message.Encoded is EncodedForms forms) return forms;
        forms = new();
        message.Encoded = forms;
        return forms;
    }

    /// <summary>The JSON message after its position.</summary>
    public byte[] Json(Message message) => _json ??= MessageJson.Encode(message);

    /// <summary>The event after its id; empty for a body that is not UTF-8.</summary>
    public byte[] Sse(Message message) => _sse ??= SseForm.Encode(message);

    /// <summary>The headers of the part after its <c>Content-ID</c>.</summary>
    public byte[] PartHeaders(Message message) => _part ??= PartForm.Encode(message);
}

/// <summary>Frames are bytes all receivers share, around a position that each receiver has for itself.</summary>
static class FrameWriter
{
    // One span for the whole frame costs one visit to the server's pipe; above this the pipe would have to allocate for it.
    public const int OneSpanLimit = 2048;

    public static void Write(
        IBufferWriter<byte> writer, ReadOnlySpan<byte> before, Position position, ReadOnlySpan<byte> after, ReadOnlySpan<byte> shared)
    {
        var most = before.Length + Position.MaxTextLength + after.Length + shared.Length;
        var whole = most <= OneSpanLimit;
        var span = writer.GetSpan(whole ? most : most - shared.Length);
        before.CopyTo(span);
        var length = before.Length;
        length += position.Format(span[length..]);
        after.CopyTo(span[length..]);
        length += after.Length;
        if (whole) shared.CopyTo(span[length..]);
        writer.Advance(whole ? length + shared.Length : length);
        if (!whole) writer.Write(shared);
    }

    /// <summary><c>{"from":P,"to":P,"reason":R}</c></summary>
    public static void WriteGap(IBufferWriter<byte> writer, Gap gap)
    {
        Write(writer, "{\"from\":\""u8, gap.From, "\",\"to\":\""u8, default);
        Write(writer, default, gap.To, "\",\"reason\":\""u8, WireName(gap.Reason));
        writer.Write("\"}"u8);
    }

    static ReadOnlySpan<byte> WireName(GapReason reason) => reason switch
    {
        GapReason.Acknowledged => "acknowledged"u8,
        GapReason.Ttl => "ttl"u8,
        GapReason.Overflow => "overflow"u8,
        GapReason.Lost => "lost"u8,
        _ => "epoch"u8,
    };
}
