namespace Mailbox.Storage.Journal;

/// <summary>Where in a frame a message is, and how many bytes it takes for each mailbox.</summary>
readonly record struct PlacedMessage(int Offset, long BytesEach)
{
    public Location In(int segment, long frameOffset) => Location.Of(segment, frameOffset + Offset, BytesEach);
}
