namespace Mailbox.Grains;

/// <summary>One message for the members of a group.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.GroupSend")]
public sealed class GroupSend(MessageDraft draft, MailboxName[] except)
{
    [Id(0)]
    public MessageDraft Draft { get; } = draft;

    [Id(1)]
    public MailboxName[] Except { get; } = except;

    /// <summary>Mailboxes that the same post has reached: they count as stored and get nothing.</summary>
    [Id(2)]
    public MailboxName[] Reached { get; init; } = [];

    /// <summary>Groups that the same post was sent to before: likewise for their members.</summary>
    [Id(3)]
    public GroupName[] ReachedGroups { get; init; } = [];

    public GroupSend With(MessageDraft draft) =>
        ReferenceEquals(draft, Draft) ? this : new(draft, Except) { Reached = Reached, ReachedGroups = ReachedGroups };
}
