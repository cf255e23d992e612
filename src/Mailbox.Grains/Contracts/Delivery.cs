namespace Mailbox.Grains;

/// <summary>One message for one mailbox.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.Delivery")]
public sealed class Delivery(MessageDraft draft)
{
    [Id(0)]
    public MessageDraft Draft { get; } = draft;
}
