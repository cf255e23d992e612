namespace Mailbox;

/// <summary>One message for several mailboxes and groups; <paramref name="Except"/> beats all.</summary>
public sealed record PostRequest(
    MessageDraft Draft, IReadOnlyList<MailboxName> To, IReadOnlyList<GroupName> Groups, IReadOnlyCollection<MailboxName> Except);
