using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Mailbox.Gateway;

/// <summary>The shared bytes of a message as a server-sent event (WHATWG HTML section 9.2): all lines after <c>id:</c>.</summary>
static class SseForm
{
    /// <returns>Empty where the body is not UTF-8, or the type is one of <see cref="IsEventSourcesOwn"/>: it goes as JSON.</returns>
    public static byte[] Encode(Message message)
    {
        var body = message.Body.Span;
        if (IsEventSourcesOwn(message.Type) || !Utf8.IsValid(body)) return [];
        var buffer = new ArrayBufferWriter<byte>(body.Length + 64);
        if (message.Type is not null) WriteEvent(buffer, message.Type);
        WriteData(buffer, body);
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    // An EventSource dispatches an event of the server at itself, where it tells its own state by `error` and `open` (WHATWG HTML section 9.2.2).
    static bool IsEventSourcesOwn(string? type) => type is "error" or "open";

    static void WriteEvent(ArrayBufferWriter<byte> buffer, string type)
    {
        buffer.Write("event: "u8);
        Encoding.ASCII.GetBytes(type, buffer);
        buffer.Write("\n"u8);
    }

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
