using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>
/// Station 7: one part for each message, with its exact bytes. Each connection has a random boundary that senders cannot know, so no body
/// can forge a part. The boundary after a part is written with it, because some clients wait for it.
/// </summary>
sealed class MultipartTransport : StreamTransport
{
    const int BoundaryBytes = 16;

    readonly byte[] _delimiter;

    public MultipartTransport(string subtype)
    {
        var boundary = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(BoundaryBytes));
        _delimiter = Encoding.ASCII.GetBytes("\r\n--" + boundary);
        ContentType = $"multipart/{subtype}; boundary={boundary}";
    }

    public override TransportKind Kind => TransportKind.Multipart;

    public override string ContentType { get; }

    public override void Begin(PipeWriter writer, Position position)
    {
        writer.Write(_delimiter.AsSpan(2));
        writer.Write("\r\n"u8);
        WriteOwn(writer, "mailbox.position"u8, Encoding.ASCII.GetBytes($"{{\"position\":\"{position}\"}}"), default);
    }

    public override void Message(PipeWriter writer, Position position, Message message)
    {
        FrameWriter.Write(writer, "Content-ID: <"u8, position, ">\r\n"u8, EncodedForms.Of(message).PartHeaders(message));
        writer.Write(message.Body.Span);
        writer.Write(_delimiter);
        writer.Write("\r\n"u8);
    }

    public override void Gap(PipeWriter writer, Gap gap)
    {
        var json = new ArrayBufferWriter<byte>();
        FrameWriter.WriteGap(json, gap);
        WriteOwn(writer, "mailbox.gap"u8, json.WrittenSpan, gap.To);
    }

    public override void Heartbeat(PipeWriter writer) => WriteOwn(writer, "mailbox.heartbeat"u8, default, default);

    public override void Close(PipeWriter writer, Closing closing)
    {
        WriteOwn(writer, "mailbox.closed"u8, closing.Json, default, "--\r\n"u8);
    }

    // Message types that begin with "mailbox." are the server's own; no sender can use one.
    void WriteOwn(PipeWriter writer, ReadOnlySpan<byte> type, ReadOnlySpan<byte> json, Position position) => WriteOwn(writer, type, json, position, "\r\n"u8);

    void WriteOwn(PipeWriter writer, ReadOnlySpan<byte> type, ReadOnlySpan<byte> json, Position position, ReadOnlySpan<byte> afterDelimiter)
    {
        if (position != default) FrameWriter.Write(writer, "Content-ID: <"u8, position, ">\r\n"u8, default);
        writer.Write("Content-Type: application/json\r\nMessage-Type: "u8);
        writer.Write(type);
        writer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\r\nContent-Length: {json.Length}\r\n\r\n")));
        writer.Write(json);
        writer.Write(_delimiter);
        writer.Write(afterDelimiter);
    }
}

/// <summary>The shared headers of a message as a part, up to the empty line. The body itself is not copied.</summary>
static class PartForm
{
    public static byte[] Encode(Message message)
    {
        var head = new StringBuilder();
        head.Append("Content-Type: ").Append(message.ContentType).Append("\r\n");
        if (message.Type is not null) head.Append("Message-Type: ").Append(message.Type).Append("\r\n");
        if (message.Group is { } group) head.Append("Group: ").Append(group).Append("\r\n");
        if (message.Topic is not null) head.Append("Topic: ").Append(message.Topic).Append("\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {message.Body.Length}\r\n\r\n");
        return Encoding.ASCII.GetBytes(head.ToString());
    }
}
