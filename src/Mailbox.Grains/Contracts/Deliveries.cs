namespace Mailbox.Grains;

/// <summary>Messages for one mailbox, in order.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.Deliveries")]
public sealed class Deliveries(MessageDraft[] drafts)
{
    [Id(0)]
    public MessageDraft[] Drafts { get; } = drafts;
}
