namespace Mailbox.Grains;

/// <summary>One message for one mailbox.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.Delivery")]
public sealed class Delivery(MessageDraft draft)
{
    [Id(0)]
    public MessageDraft Draft { get; } = draft;

    /// <summary>As <see cref="PostRequest.Copy"/>; 0 for a delivery of its own.</summary>
    [Id(1)]
    public ulong Copy { get; init; }
}
