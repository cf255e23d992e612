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

/// <summary>The outcomes of a <see cref="PostRequest"/>, in the order of its targets.</summary>
/// <param name="To">One for each of <see cref="PostRequest.To"/>; one that is excepted answers <see cref="Outcome.Excepted"/>.</param>
/// <param name="Groups">One for each of <see cref="PostRequest.Groups"/>; a mailbox that two targets reach counts in both.</param>
public sealed record PostResult(IReadOnlyList<DeliverResult> To, IReadOnlyList<SendResult> Groups);

/// <summary>The answer to one delivery.</summary>
/// <param name="Position">The message's own, where it was stored.</param>
/// <param name="Connections">How many held the mailbox.</param>
/// <param name="Expires">When the mailbox will be removed unless a reader comes (spec M15).</param>
public readonly record struct DeliverResult(Outcome Outcome, Position Position = default, int Connections = 0, DateTimeOffset Expires = default);

/// <summary>The answer to one group send.</summary>
/// <param name="Members">The members it was for: all but the excepted.</param>
/// <param name="Stored">Those whose mailbox has the message.</param>
/// <param name="Refused">Those whose mailbox refused it (spec M11): <c>Members - Stored</c>.</param>
public readonly record struct SendResult(Outcome Outcome, int Members = 0, int Stored = 0, int Refused = 0);
