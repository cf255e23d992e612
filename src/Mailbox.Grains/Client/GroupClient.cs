using System.Runtime.CompilerServices;

namespace Mailbox.Grains;

/// <summary>One group, as a backend sees it. Safe from any thread; may be kept or made anew for every call.</summary>
public sealed class GroupClient
{
    const int MostNames = 10_000;

    readonly GridCalls _calls;
    readonly IGroupGrain _grain;

    internal GroupClient(GridCalls calls, GroupName name)
    {
        if (name == default) throw new ArgumentException("A group has a name.", nameof(name));
        (_calls, _grain, Name) = (calls, calls.GrainOf(name), name);
    }

    public GroupName Name { get; }

    /// <summary>Puts one message into every member's mailbox but those excepted, connected or not (spec G4 to G6).</summary>
    /// <exception cref="MailboxRefusedException">The body is too large, or the key another message's.</exception>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public ValueTask<SendResult> SendAsync(MessageDraft draft, IEnumerable<string>? except = null, CancellationToken cancel = default) =>
        SendAsync(draft, Names(except ?? []), cancel);

    /// <inheritdoc cref="SendAsync(MessageDraft, IEnumerable{string}, CancellationToken)"/>
    public async ValueTask<SendResult> SendAsync(MessageDraft draft, IEnumerable<MailboxName> except, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(draft);
        var result = await _calls.SendAsync(Name, draft, [.. except.Select(Reserved.Refuse)], cancel).ConfigureAwait(false);
        GridCalls.Demand(result.Outcome, Name.ToString());
        return result;
    }

    /// <summary>Adds members, and makes their mailboxes; twice is one membership (spec G3).</summary>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time: some may have been added.</exception>
    public ValueTask<MembersResult> AddAsync(IEnumerable<string> mailboxes, CancellationToken cancel = default) =>
        AddAsync(Names(mailboxes), cancel);

    /// <inheritdoc cref="AddAsync(IEnumerable{string}, CancellationToken)"/>
    public ValueTask<MembersResult> AddAsync(IEnumerable<MailboxName> mailboxes, CancellationToken cancel = default) =>
        ChangeAsync([.. mailboxes.Select(Reserved.Refuse)], static names => (names, []), cancel);

    /// <summary>Removes members; their mailboxes stay. The group goes with its last member (spec G2).</summary>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time: some may have been removed.</exception>
    public ValueTask<MembersResult> RemoveAsync(IEnumerable<string> mailboxes, CancellationToken cancel = default) =>
        RemoveAsync(Names(mailboxes), cancel);

    /// <inheritdoc cref="RemoveAsync(IEnumerable{string}, CancellationToken)"/>
    public ValueTask<MembersResult> RemoveAsync(IEnumerable<MailboxName> mailboxes, CancellationToken cancel = default) =>
        ChangeAsync([.. mailboxes.Select(Reserved.Refuse)], static names => ([], names), cancel);

    /// <returns>0 where the group does not exist.</returns>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask<int> CountAsync(CancellationToken cancel = default) =>
        (await PageAsync(null, 1, cancel).ConfigureAwait(false))?.Count ?? 0;

    /// <summary>Members in ordinal order, fetched in pages.</summary>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async IAsyncEnumerable<MailboxName> MembersAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        string? after = null;
        do
        {
            if (await PageAsync(after, MostNames, cancel).ConfigureAwait(false) is not { } page) yield break;
            foreach (var member in page.Members) yield return member;
            after = page.Next;
        }
        while (after is not null);
    }

    /// <summary>Removes the group; the mailboxes stay.</summary>
    /// <returns>False where it did not exist.</returns>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask<bool> DeleteAsync(CancellationToken cancel = default)
    {
        var key = Guid.NewGuid();
        var outcome = await _calls.AskAsync(() => _grain.Remove(key), IsUnknown, cancel).ConfigureAwait(false);
        if (outcome != Outcome.NotFound) GridCalls.Demand(outcome, Name.ToString());
        return outcome != Outcome.NotFound;
    }

    /// <summary>Membership of the grid's own mailboxes.</summary>
    internal ValueTask<MembersResult> ChangeOwnAsync(MailboxName mailbox, bool isMember, CancellationToken cancel) =>
        ChangeAsync([mailbox], isMember ? static names => (names, []) : static names => ([], names), cancel);

    async ValueTask<MembersResult> ChangeAsync(
        IEnumerable<MailboxName> mailboxes, Func<MailboxName[], (MailboxName[] Add, MailboxName[] Remove)> change, CancellationToken cancel)
    {
        var total = new MembersResult(Outcome.Stored);
        foreach (var names in mailboxes.Chunk(MostNames))
        {
            var (add, remove) = change(names);
            var part = new MembersChange(add, remove, Guid.NewGuid());
            var result = await _calls.AskAsync(
                () => _grain.ChangeMembers(part), static answer => IsUnknown(answer.Outcome), cancel).ConfigureAwait(false);
            GridCalls.Demand(result.Outcome, Name.ToString());
            total = result with { Added = total.Added + result.Added, Removed = total.Removed + result.Removed };
        }
        return total;
    }

    async ValueTask<GroupPage?> PageAsync(string? after, int limit, CancellationToken cancel)
    {
        var found = await _calls.AskAsync(
            () => _grain.Describe(after, limit), static answer => IsUnknown(answer.Outcome), cancel).ConfigureAwait(false);
        if (found.Outcome != Outcome.NotFound) GridCalls.Demand(found.Outcome, Name.ToString());
        return found.Page;
    }

    static IEnumerable<MailboxName> Names(IEnumerable<string> names) => [.. names.Select(MailboxName.Parse)];

    static bool IsUnknown(Outcome outcome) => outcome is Outcome.NotOwner or Outcome.Stopping or Outcome.StoreFailed;
}
