using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Unicode;

namespace Mailbox.Gateway;

/// <summary>Station 7: server-sent events.</summary>
sealed class SseTransport(TimeSpan retry) : StreamTransport
{
    const int FinalRetryMilliseconds = 86_400_000;

    public override TransportKind Kind => TransportKind.Sse;

    public override string ContentType => "text/event-stream";

    // A block without data dispatches no event but sets the last event id: a reader that loses the connection now comes back to this position.
    public override void Begin(PipeWriter writer, Position position)
    {
        WriteRetry(writer, Jittered(retry.TotalMilliseconds));
        FrameWriter.Write(writer, "id: "u8, position, "\n\n"u8, default);
    }

    public override void Message(PipeWriter writer, Position position, Message message)
    {
        var forms = EncodedForms.Of(message);
        var shared = forms.Sse(message);
        if (shared.Length > 0)
        {
            FrameWriter.Write(writer, "id: "u8, position, "\n"u8, shared);
            return;
        }
        FrameWriter.Write(writer, "id: "u8, position, "\nevent: mailbox.message\ndata: {\"position\":\""u8, default);
        FrameWriter.Write(writer, default, position, "\""u8, forms.Json(message));
        writer.Write("\n\n"u8);
    }

    public override void Gap(PipeWriter writer, Gap gap)
    {
        FrameWriter.Write(writer, "id: "u8, gap.To, "\nevent: mailbox.gap\ndata: "u8, default);
        FrameWriter.WriteGap(writer, gap);
        writer.Write("\n\n"u8);
    }

    public override void Heartbeat(PipeWriter writer) => writer.Write(":\n\n"u8);

    // An EventSource always returns after a clean end. Where it should not, its wait becomes a day.
    public override void Close(PipeWriter writer, Closing closing)
    {
        WriteRetry(writer, closing.Reconnect ? Jittered(Math.Max(closing.AfterSeconds * 1000, retry.TotalMilliseconds)) : FinalRetryMilliseconds);
        writer.Write("event: mailbox.closed\ndata: "u8);
        writer.Write(closing.Json);
        writer.Write("\n\n"u8);
    }

    static int Jittered(double milliseconds) => (int)(milliseconds * (0.5 + Random.Shared.NextDouble()));

    static void WriteRetry(PipeWriter writer, int milliseconds) =>
        writer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"retry: {milliseconds}\n")));
}

/// <summary>The shared bytes of a message as a server-sent event (WHATWG HTML section 9.2): all lines after <c>id:</c>.</summary>
static class SseForm
{
    /// <returns>Empty where the body is not UTF-8 or the type is one of <see cref="IsEventSourcesOwn"/>: then the message is sent as JSON.</returns>
    public static byte[] Encode(Message message)
    {
        var body = message.Body.Span;
        if (IsEventSourcesOwn(message.Type) || !Utf8.IsValid(body)) return [];
        var buffer = new ArrayBufferWriter<byte>(body.Length + 64);
        if (message.Type is not null)
        {
            buffer.Write("event: "u8);
            Encoding.ASCII.GetBytes(message.Type, buffer);
            buffer.Write("\n"u8);
        }
        WriteData(buffer, body);
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    // An EventSource dispatches the server's events at itself, and uses `error` and `open` for its own state (WHATWG HTML section 9.2.2).
    static bool IsEventSourcesOwn(string? type) => type is "error" or "open";

    // LF, CRLF and a bare CR all end a line for a client: one that was left inside would let a body forge fields.
    static void WriteData(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> body)
    {
        while (true)
        {
            var end = body.IndexOfAny((byte)'\r', (byte)'\n');
            buffer.Write("data: "u8);
            buffer.Write(end < 0 ? body : body[..end]);
            buffer.Write("\n"u8);
            if (end < 0) return;
            var isPair = body[end] == '\r' && end + 1 < body.Length && body[end + 1] == '\n';
            body = body[(end + (isPair ? 2 : 1))..];
        }
    }
}
