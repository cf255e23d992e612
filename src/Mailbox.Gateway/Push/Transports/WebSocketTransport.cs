using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>
/// Station 7: one JSON object in each WebSocket message. The framework's WebSocket would copy each frame into a buffer and flush it. A
/// server's frame is its length and its bytes (RFC 6455 section 5.2), and all receivers share the bytes.
/// </summary>
sealed class WebSocketTransport : StreamTransport
{
    // Whole and not masked.
    const byte Text = 0x81;
    const byte CloseFrame = 0x88;
    const byte Ping = 0x89;

    const int MaxHead = 10;
    const int ShortLength = 125;
    const byte Length16 = 126;
    const byte Length64 = 127;

    static ReadOnlySpan<byte> Before => "{\"position\":\""u8;

    public override TransportKind Kind => TransportKind.Websocket;

    public override string ContentType => "";

    public override void Begin(PipeWriter writer, Position position) => Write(writer, position, "}"u8);

    public override void Message(PipeWriter writer, Position position, Message message) =>
        Write(writer, position, EncodedForms.Of(message).Json(message));

    public override void Gap(PipeWriter writer, Gap gap)
    {
        var json = Scratch.Take();
        json.Write("{\"gap\":"u8);
        FrameWriter.WriteGap(json, gap);
        json.Write("}"u8);
        Write(writer, json.WrittenSpan);
    }

    public override void Heartbeat(PipeWriter writer) => writer.Write((ReadOnlySpan<byte>)[Ping, 0]);

    public override void Close(PipeWriter writer, Closing closing)
    {
        var json = Scratch.Take();
        json.Write("{\"closed\":"u8);
        json.Write(closing.Json);
        json.Write("}"u8);
        Write(writer, json.WrittenSpan);
        WriteClose(writer, closing.Code, closing.Reason);
    }

    /// <param name="reason">ASCII, short.</param>
    public static void WriteClose(IBufferWriter<byte> writer, int code, string reason)
    {
        Span<byte> frame = stackalloc byte[4 + reason.Length];
        (frame[0], frame[1]) = (CloseFrame, (byte)(2 + reason.Length));
        BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)code);
        Encoding.ASCII.GetBytes(reason, frame[4..]);
        writer.Write(frame);
    }

    /// <summary>One text message.</summary>
    public static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> json) => Write(writer, json, default);

    static void Write(PipeWriter writer, Position position, ReadOnlySpan<byte> shared)
    {
        Span<byte> own = stackalloc byte[Before.Length + Position.MaxTextLength + 1];
        Before.CopyTo(own);
        var end = Before.Length + position.Format(own[Before.Length..]);
        own[end] = (byte)'"';
        Write(writer, own[..(end + 1)], shared);
    }

    static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> own, ReadOnlySpan<byte> shared)
    {
        var whole = own.Length + shared.Length <= FrameWriter.OneSpanLimit;
        var span = writer.GetSpan(MaxHead + own.Length + (whole ? shared.Length : 0));
        var written = WriteHead(span, own.Length + shared.Length);
        own.CopyTo(span[written..]);
        written += own.Length;
        if (whole) shared.CopyTo(span[written..]);
        writer.Advance(whole ? written + shared.Length : written);
        if (!whole) writer.Write(shared);
    }

    static int WriteHead(Span<byte> head, int length)
    {
        head[0] = Text;
        if (length <= ShortLength)
        {
            head[1] = (byte)length;
            return 2;
        }
        if (length <= ushort.MaxValue)
        {
            head[1] = Length16;
            BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)length);
            return 4;
        }
        head[1] = Length64;
        BinaryPrimitives.WriteUInt64BigEndian(head[2..], (ulong)length);
        return MaxHead;
    }
}
