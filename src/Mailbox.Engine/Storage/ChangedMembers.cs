namespace Mailbox.Storage;

/// <summary>What came of a change of members.</summary>
/// <param name="Expired">Mailboxes that were due and were removed.</param>
/// <param name="Made">Mailboxes that came to be, after that.</param>
public sealed record ChangedMembers(MembersResult Result, IReadOnlyList<MailboxName> Expired, IReadOnlyList<MailboxName> Made);
