namespace Mailbox.Grains;

/// <summary>Something that was taken from a reader and waits for the next batch to its gateway.</summary>
/// <param name="Before">Where the reader was before it.</param>
readonly record struct Outgoing(Attachment Attachment, Position Before, Received Received, Ending? Ending)
{
    public int Size => Received.Message?.Body.Length ?? 0;
}
