namespace Mailbox.Storage;

/// <summary>A group send as it is begun.</summary>
/// <param name="Message">With its group, time and expiry.</param>
/// <param name="Key">With the message's digest and the end of its memory; null for none.</param>
/// <param name="Except">Names; they beat everything (spec G4).</param>
/// <param name="Reached">Mailboxes that the same request has delivered to: they count as members that have it and get nothing.</param>
/// <param name="ReachedGroups">Groups that the same request has sent to before: likewise for their members.</param>
public sealed record SendIntent(
    Message Message, SendKey? Key, IReadOnlyCollection<MailboxName> Except, IReadOnlyCollection<MailboxName> Reached,
    IReadOnlyCollection<GroupName> ReachedGroups)
{
    /// <summary>As <see cref="OpenSend.Idle"/>.</summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>What it tells, of <see cref="IGroupLedger.ToldAsync"/>: taken away when it begins, in the same transaction.</summary>
    public IReadOnlyCollection<long> Telling { get; init; } = [];
}
