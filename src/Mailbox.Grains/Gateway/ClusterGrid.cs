using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>
/// Station 1 in a cluster: mailboxes and groups wherever they are. What carries messages, opens or acknowledges goes through the session with the silo that owns
/// the partition (<see cref="GridRequests"/>); the rest are grain calls. What nobody could answer is repeated for a while; a delivery
/// that may have been stored only where it carries an idempotency key, and otherwise answers <see cref="Outcome.StoreFailed"/>. Where no silo
/// is known the answer is <see cref="Outcome.NotOwner"/>, at once.
/// </summary>
sealed class ClusterGrid(IGrainFactory grains, GridRequests requests, PartitionOwners owners, RemoteReaders readers, GridState state, TimeProvider time) : IMailboxGrid
{
    readonly Retries _retries = new(time, state);

    public bool IsReady => state.IsReady;

    public bool KeepsOrderOfPosts => owners.Count == 1;

    public async ValueTask<DeliverResult> DeliverAsync(MailboxName mailbox, MessageDraft draft, CancellationToken cancel = default) =>
        (await PostAsync(new(draft, [mailbox], [], []), cancel).ConfigureAwait(false)).To[0];

    public async ValueTask<SendResult> SendAsync(
        GroupName group, MessageDraft draft, IReadOnlyCollection<MailboxName>? except = null, CancellationToken cancel = default) =>
        (await PostAsync(new(draft, [], [group], except ?? []), cancel).ConfigureAwait(false)).Groups[0];

    public ValueTask<PostResult> PostAsync(PostRequest post, CancellationToken cancel = default)
    {
        Engine.Arguments.Check(post);
        if (owners.Count > 1 && post.To.Count + post.Groups.Count > 1) return PostInPartsAsync(post, cancel);
        var first = post.To.Count > 0 ? post.To[0].ToString() : post.Groups.Count > 0 ? post.Groups[0].ToString() : "";
        return new(AskAsync(first, post, cancel));
    }

    /// <summary>
    /// Each mailbox's partition keeps it to one copy, by an identity that the parts have in common. A group's part waits for those before it, so that what
    /// they have reached counts.
    /// </summary>
    async ValueTask<PostResult> PostInPartsAsync(PostRequest post, CancellationToken cancel)
    {
        var copy = PostRequest.NewCopy();
        MailboxName[] except = [.. post.Except];
        var once = new Dictionary<MailboxName, Task<PostResult>>();
        foreach (var name in post.To)
            if (!once.ContainsKey(name) && !except.Contains(name)) once[name] = AskAsync(name.ToString(), new(post.Draft, [name], [], []) { Copy = copy }, cancel);
        await Task.WhenAll(once.Values).ConfigureAwait(false);
        var to = new List<DeliverResult>(post.To.Count);
        foreach (var name in post.To) to.Add(once.TryGetValue(name, out var part) ? (await part.ConfigureAwait(false)).To[0] : new(Outcome.Excepted));
        var groups = new List<SendResult>(post.Groups.Count);
        foreach (var group in post.Groups)
            groups.Add((await AskAsync(group.ToString(), new(post.Draft, [], [group], except) { Copy = copy }, cancel).ConfigureAwait(false)).Groups[0]);
        return new(to, groups);
    }

    Task<PostResult> AskAsync(string name, PostRequest post, CancellationToken cancel)
    {
        var isKeyed = post.Draft.IdempotencyKey is not null;
        return requests.AskAsync(
            name, SessionLane.Bodies, post, post.Draft.Body.Length, static (answer, _) => (PostResult)answer, answer => IsUnanswered(answer, isKeyed), isKeyed,
            why => new([.. post.To.Select(_ => new DeliverResult(why))], [.. post.Groups.Select(_ => new SendResult(why))])).WaitAsync(cancel);
    }

    /// <summary>Nothing was stored; or it is not known and the key makes that harmless.</summary>
    static bool IsUnanswered(PostResult answer, bool isKeyed) =>
        answer.To.Any(one => IsUnanswered(one.Outcome, isKeyed)) || answer.Groups.Any(one => IsUnanswered(one.Outcome, isKeyed));

    static bool IsUnanswered(Outcome outcome, bool isKeyed) => outcome is Outcome.NotOwner or Outcome.Stopping || (outcome == Outcome.StoreFailed && isKeyed);

    public async ValueTask<OpenResult> OpenAsync(MailboxName mailbox, OpenRequest request, IReaderSignal? signal, CancellationToken cancel = default) =>
        await readers.OpenAsync(mailbox, request, signal, cancel).ConfigureAwait(false);

    public async ValueTask<AcknowledgeOutcome> AcknowledgeAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        await requests.AskAsync(
            mailbox.ToString(), SessionLane.Control, new AcknowledgeRequest(mailbox, position), 0, static (answer, _) => (AcknowledgeOutcome)answer,
            static answer => answer == AcknowledgeOutcome.Unavailable, isRepeatable: true, static _ => AcknowledgeOutcome.Unavailable).WaitAsync(cancel).ConfigureAwait(false);

    public async ValueTask<UplinkResult> UplinkAsync(MailboxName mailbox, UplinkRequest request, CancellationToken cancel = default)
    {
        // What has neither number nor key could be accepted twice when it is repeated here.
        var call = new UplinkCall(mailbox, request with { Drafts = [.. request.Drafts.Select(Keyed)] });
        return await requests.AskAsync(
            mailbox.ToString(), SessionLane.Bodies, call, request.Drafts.Sum(static draft => draft.Body.Length), static (answer, _) => (UplinkResult)answer,
            static answer => answer.Outcome is Outcome.NotOwner or Outcome.Stopping or Outcome.StoreFailed, isRepeatable: true,
            static why => new(why)).WaitAsync(cancel).ConfigureAwait(false);
    }

    static UplinkDraft Keyed(UplinkDraft draft) =>
        draft is { Number: null, Key: null } ? draft with { Key = Guid.NewGuid().ToString("N") } : draft;

    public ValueTask<Outcome> SetOptionsAsync(MailboxName mailbox, MailboxOptionsChange change, CancellationToken cancel = default) =>
        ChangeAsync(() => Of(mailbox).SetOptions(change), cancel);

    public async ValueTask<MailboxInfo?> GetAsync(MailboxName mailbox, CancellationToken cancel = default)
    {
        var found = await _retries.AskAsync(
            () => Of(mailbox).Describe(), static answer => answer.Outcome == Outcome.NotOwner, isRepeatable: true,
            static fault => new(NotDone(fault)), cancel).ConfigureAwait(false);
        return Told(found.Outcome) ? found.Info : null;
    }

    public ValueTask<Outcome> RemoveAsync(MailboxName mailbox, CancellationToken cancel = default) =>
        ChangeAsync(() => Of(mailbox).Remove(), cancel);

    public ValueTask<Outcome> DeleteMessageAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        ChangeAsync(() => Of(mailbox).DeleteMessage(position), cancel);

    public async ValueTask<IReadOnlyList<MailboxName>> ListAsync(string? after, int limit, CancellationToken cancel = default) =>
        await _retries.AskAsync(
            () => Call(() => grains.GetGrain<IGridGrain>(0)).List(after, limit), static _ => false, isRepeatable: true, static _ => null, cancel).ConfigureAwait(false)
        ?? throw new StoreException("No silo can list the mailboxes now.");

    public ValueTask<MembersResult> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, CancellationToken cancel = default)
    {
        var change = new MembersChange([.. add], [.. remove], Guid.NewGuid());
        return _retries.AskAsync(
            () => Of(group).ChangeMembers(change), static answer => answer.Outcome == Outcome.NotOwner, isRepeatable: true,
            static fault => new(NotDone(fault)), cancel);
    }

    public async ValueTask<GroupPage?> GetGroupAsync(GroupName group, string? after, int limit, CancellationToken cancel = default)
    {
        var found = await _retries.AskAsync(
            () => Of(group).Describe(after, limit), static answer => answer.Outcome == Outcome.NotOwner, isRepeatable: true,
            static fault => new(NotDone(fault)), cancel).ConfigureAwait(false);
        return Told(found.Outcome) ? found.Page : null;
    }

    public ValueTask<Outcome> RemoveGroupAsync(GroupName group, CancellationToken cancel = default)
    {
        var key = Guid.NewGuid();
        return ChangeAsync(() => Of(group).Remove(key), cancel);
    }

    ValueTask<Outcome> ChangeAsync(Func<Task<Outcome>> change, CancellationToken cancel) =>
        _retries.AskAsync(change, static outcome => outcome == Outcome.NotOwner, isRepeatable: true, NotDone, cancel);

    IMailboxGrain Of(MailboxName mailbox) => Call(() => grains.GetGrain<IMailboxGrain>(mailbox.ToString()));

    IGroupGrain Of(GroupName group) => Call(() => grains.GetGrain<IGroupGrain>(group.ToString()));

    /// <exception cref="NoSiloException">No silo that this process knows of has mailboxes: there is none yet, or none any more.</exception>
    static T Call<T>(Func<T> grain)
    {
        try
        {
            return grain();
        }
        catch (ArgumentException unknown)
        {
            throw new NoSiloException(unknown);
        }
    }

    /// <param name="fault">Null where nobody was asked, or nothing was done.</param>
    static Outcome NotDone(Exception? fault) => fault is null ? Outcome.NotOwner : Outcome.StoreFailed;

    static bool Told(Outcome outcome) => outcome is Outcome.Stored or Outcome.NotFound
        ? true
        : throw new StoreException($"The grid cannot answer now: {outcome}.");
}
