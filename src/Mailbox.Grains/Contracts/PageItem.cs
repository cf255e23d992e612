namespace Mailbox.Grains;

/// <summary>As <see cref="Received"/>.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.PageItem")]
public readonly record struct PageItem(
    [property: Id(0)] Position Position, [property: Id(1)] Message? Message, [property: Id(2)] Gap? Gap)
{
    public static PageItem Of(Received received) => new(received.Position, received.Message, received.Gap);

    public Received ToReceived() => new(Position, Message, Gap);
}
