namespace Mailbox;

/// <summary>What a mailbox holds.</summary>
/// <param name="First">The oldest message kept; the same as <paramref name="Last"/> where none is.</param>
/// <param name="Last">The newest number given out.</param>
/// <param name="Messages">Kept, the written and not acknowledged included.</param>
/// <param name="Expires">When it will be removed unless a reader comes; while it is held, as if all left now.</param>
public sealed record MailboxInfo(
    Position First, Position Last, Position Acknowledged, int Messages, long Bytes, int Connections,
    IReadOnlyList<GroupName> Groups, DateTimeOffset Expires, MailboxOptions Options);
