using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>Station 7: server-sent events.</summary>
sealed class SseTransport(TimeSpan retry) : StreamTransport
{
    const int FinalRetryMilliseconds = 86_400_000;

    public override TransportKind Kind => TransportKind.Sse;

    public override string ContentType => "text/event-stream";

    // A block without data dispatches no event but sets the last id: whoever loses the line now comes back to this position.
    public override void Begin(PipeWriter writer, Position position)
    {
        WriteRetry(writer, Jittered(retry.TotalMilliseconds));
        FrameWriter.Write(writer, "id: "u8, position, "\n\n"u8, default);
    }

    public override void Message(PipeWriter writer, Position position, Message message)
    {
        var forms = EncodedForms.Of(message);
        var shared = forms.Sse(message);
        if (shared.Length > 0) FrameWriter.Write(writer, "id: "u8, position, "\n"u8, shared);
        else WriteAsJson(writer, position, forms.Json(message));
    }

    static void WriteAsJson(PipeWriter writer, Position position, byte[] json)
    {
        FrameWriter.Write(writer, "id: "u8, position, "\nevent: mailbox.message\ndata: {\"position\":\""u8, default);
        FrameWriter.Write(writer, default, position, "\""u8, json);
        writer.Write("\n\n"u8);
    }

    public override void Gap(PipeWriter writer, Gap gap)
    {
        FrameWriter.Write(writer, "id: "u8, gap.To, "\nevent: mailbox.gap\ndata: "u8, default);
        FrameWriter.WriteGap(writer, gap);
        writer.Write("\n\n"u8);
    }

    public override void Heartbeat(PipeWriter writer) => writer.Write(":\n\n"u8);

    // An EventSource always returns after a clean end; where it should not, its wait is made a day.
    public override void Close(PipeWriter writer, Closing closing)
    {
        WriteRetry(writer, closing.Reconnect ? Jittered(Math.Max(closing.AfterSeconds * 1000, retry.TotalMilliseconds)) : FinalRetryMilliseconds);
        writer.Write("event: mailbox.closed\ndata: "u8);
        closing.WriteTo(writer);
        writer.Write("\n\n"u8);
    }

    static int Jittered(double milliseconds) => (int)(milliseconds * (0.5 + Random.Shared.NextDouble()));

    static void WriteRetry(PipeWriter writer, int milliseconds) =>
        writer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"retry: {milliseconds}\n")));
}
