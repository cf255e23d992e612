namespace Mailbox.Grains;

/// <summary>Messages for many mailboxes, each its own.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.DeliveryBatch")]
sealed class DeliveryBatch(MailboxName[] to, MessageDraft[] drafts)
{
    [Id(0)]
    public MailboxName[] To { get; } = to;

    /// <summary>One for each of <see cref="To"/>.</summary>
    [Id(1)]
    public MessageDraft[] Drafts { get; } = drafts;
}
