using System.Buffers;
using System.IO.Pipelines;

namespace Mailbox.Gateway;

/// <summary>Station 7: one JSON object a line.</summary>
sealed class NdjsonTransport : StreamTransport
{
    public override TransportKind Kind => TransportKind.Ndjson;

    public override string ContentType => "application/x-ndjson";

    public override void Begin(PipeWriter writer, Position position) =>
        FrameWriter.Write(writer, "{\"position\":\""u8, position, "\"}\n"u8, default);

    public override void Message(PipeWriter writer, Position position, Message message)
    {
        FrameWriter.Write(writer, "{\"position\":\""u8, position, "\""u8, EncodedForms.Of(message).Json(message));
        writer.Write("\n"u8);
    }

    public override void Gap(PipeWriter writer, Gap gap)
    {
        writer.Write("{\"gap\":"u8);
        FrameWriter.WriteGap(writer, gap);
        writer.Write("}\n"u8);
    }

    public override void Heartbeat(PipeWriter writer) => writer.Write("\n"u8);

    public override void Close(PipeWriter writer, Closing closing)
    {
        writer.Write("{\"closed\":"u8);
        writer.Write(closing.Json);
        writer.Write("}\n"u8);
    }
}
