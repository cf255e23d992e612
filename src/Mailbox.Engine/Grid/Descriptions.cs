namespace Mailbox;

/// <summary>What a mailbox holds.</summary>
/// <param name="First">The oldest message kept; the same as <paramref name="Last"/> where none is.</param>
/// <param name="Last">The newest number given out.</param>
/// <param name="Messages">Kept, the written and not acknowledged included.</param>
/// <param name="Expires">When it will be removed unless a reader comes; while it is held, as if all left now.</param>
public sealed record MailboxInfo(
    Position First, Position Last, Position Acknowledged, int Messages, long Bytes, int Connections,
    IReadOnlyList<GroupName> Groups, DateTimeOffset Expires, MailboxOptions Options);

/// <summary>The answer to a change of membership.</summary>
/// <param name="Added">Mailboxes that were not members before.</param>
/// <param name="Removed">Mailboxes that were.</param>
/// <param name="Count">Members now.</param>
public readonly record struct MembersResult(Outcome Outcome, int Added = 0, int Removed = 0, int Count = 0);

/// <summary>A page of a group's members.</summary>
/// <param name="Next">The <c>after</c> of the next page, or null at the end.</param>
public sealed record GroupPage(int Count, IReadOnlyList<MailboxName> Members, string? Next);
