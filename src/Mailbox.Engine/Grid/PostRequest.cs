namespace Mailbox;

/// <summary>One message for several mailboxes and groups; <paramref name="Except"/> beats all.</summary>
public sealed record PostRequest(
    MessageDraft Draft, IReadOnlyList<MailboxName> To, IReadOnlyList<GroupName> Groups, IReadOnlyCollection<MailboxName> Except)
{
    /// <summary>
    /// Where a request is taken apart: identifies it to the partitions that its parts reach, so that each mailbox gets one copy. 0 for a whole request.
    /// </summary>
    internal ulong Copy { get; init; }

    internal static ulong NewCopy() => (ulong)Random.Shared.NextInt64(1, long.MaxValue);
}
