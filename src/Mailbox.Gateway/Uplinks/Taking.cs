namespace Mailbox.Gateway;

/// <summary>A mailbox whose letters somebody takes.</summary>
/// <param name="Groups">Whose letters it gets.</param>
/// <param name="JoinAsync">Makes it and joins it to the groups; answers whether it is one whose letters are still wanted.</param>
sealed record Taking(MailboxName Mailbox, IReadOnlyList<GroupName> Groups, Func<CancellationToken, ValueTask<bool>> JoinAsync);
