namespace Mailbox.Grains;

/// <summary>One message for the members of a group.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.GroupSend")]
public sealed class GroupSend(MessageDraft draft, MailboxName[] except)
{
    [Id(0)]
    public MessageDraft Draft { get; } = draft;

    [Id(1)]
    public MailboxName[] Except { get; } = except;

    /// <summary>As <see cref="PostRequest.Copy"/>; 0 for a send of its own.</summary>
    [Id(2)]
    public ulong Copy { get; init; }

    public GroupSend With(MessageDraft draft) => ReferenceEquals(draft, Draft) ? this : new(draft, Except) { Copy = Copy };
}
