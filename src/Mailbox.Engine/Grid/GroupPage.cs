namespace Mailbox;

/// <summary>A page of a group's members.</summary>
/// <param name="Next">The <c>after</c> of the next page, or null at the end.</param>
public sealed record GroupPage(int Count, IReadOnlyList<MailboxName> Members, string? Next);
