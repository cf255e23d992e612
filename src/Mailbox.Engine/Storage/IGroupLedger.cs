namespace Mailbox.Storage;

/// <summary>
/// Groups whose members belong to many engines: the truth is the database's, so any process may ask and change, while one process at a
/// time sends to a group, fenced by <see cref="TakeAsync"/>. A send is begun (its members are fixed, in one transaction that also gives
/// it its place in the group's order, spec G5), carried out in parts by the engines that own the members' mailboxes
/// (<see cref="SendPartDone"/> is committed with the messages themselves, so that no part is done twice, spec G9), and finished.
/// Safe from any thread.
/// </summary>
public interface IGroupLedger
{
    /// <summary>Adds, then removes. Adding makes a mailbox that does not exist; one that is due is removed first, with all it holds.</summary>
    /// <param name="defaults">Of mailboxes that are made.</param>
    /// <param name="key">
    /// The same for every attempt at this change. The first that commits is the only one that changes anything, so that an attempt which was
    /// given up, and arrives after later changes, undoes none of them (spec G3). Remembered for ten minutes. Empty: each call is a change.
    /// </param>
    ValueTask<ChangedMembers> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, MailboxOptions defaults,
        DateTimeOffset now, Guid key, CancellationToken cancel = default);

    /// <returns>Null where the group does not exist.</returns>
    ValueTask<GroupPage?> GetAsync(GroupName group, string? after, int limit, CancellationToken cancel = default);

    /// <param name="key">As for <see cref="ChangeMembersAsync"/>.</param>
    /// <returns>False where the group does not exist, or an attempt with this key came before.</returns>
    ValueTask<bool> RemoveAsync(GroupName group, DateTimeOffset now, Guid key, CancellationToken cancel = default);

    /// <summary>Takes the sending to a group for the caller and fences off who had it.</summary>
    /// <returns>The fence that the caller shows from now on.</returns>
    ValueTask<long> TakeAsync(GroupName group, CancellationToken cancel = default);

    /// <summary>Sends that were begun and not finished, in order.</summary>
    ValueTask<IReadOnlyList<OpenSend>> OpenSendsAsync(GroupName group, CancellationToken cancel = default);

    /// <summary>
    /// Groups with a send that was begun before then and is not finished, and that of subscribers where something is to be told: perhaps
    /// nobody goes on with it.
    /// </summary>
    ValueTask<IReadOnlyList<GroupName>> UnfinishedAsync(DateTimeOffset begunBefore, int limit, CancellationToken cancel = default);

    /// <summary>What engines told with their commits and no send has taken yet, in an order that is each mailbox's own (spec M16).</summary>
    ValueTask<IReadOnlyList<ToldEvents>> ToldAsync(int limit, CancellationToken cancel = default);

    /// <summary>Begins a send, durably; or answers for one that was finished under the same key.</summary>
    /// <exception cref="FencedException">Another process has taken the group.</exception>
    ValueTask<BegunSend> BeginAsync(GroupName group, long fence, SendIntent intent, CancellationToken cancel = default);

    /// <summary>The members of a send whose mailboxes are still there and that no engine has reported on, each with who owns it now.</summary>
    ValueTask<IReadOnlyList<SendMember>> RemainingAsync(long send, CancellationToken cancel = default);

    /// <summary>Ends a send that has no members remaining, and remembers its answer under its key, unless nobody got it.</summary>
    /// <exception cref="FencedException">Another process has taken the group.</exception>
    ValueTask<SendResult> FinishAsync(GroupName group, long fence, long send, CancellationToken cancel = default);
}
