using System.IO.Pipelines;

namespace Mailbox.Gateway;

/// <summary>Station 7: how one kind of endless response frames what a reader took. Writes, never flushes.</summary>
abstract class StreamTransport
{
    /// <summary>Its name in metrics.</summary>
    public abstract TransportKind Kind { get; }

    public abstract string ContentType { get; }

    /// <summary>Tells the position before anything else (spec M9).</summary>
    public abstract void Begin(PipeWriter writer, Position position);

    public abstract void Message(PipeWriter writer, Position position, Message message);

    public abstract void Gap(PipeWriter writer, Gap gap);

    public abstract void Heartbeat(PipeWriter writer);

    public abstract void Close(PipeWriter writer, Closing closing);
}
