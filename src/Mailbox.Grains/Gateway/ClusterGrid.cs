using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>
/// Station 1 in a cluster: mailboxes and groups wherever they are. A call that nobody could answer is repeated for a while; a delivery
/// that may have been stored only where it carries an idempotency key, and otherwise answers <see cref="Outcome.StoreFailed"/>. Where no silo
/// is known the answer is <see cref="Outcome.NotOwner"/>, at once.
/// </summary>
sealed class ClusterGrid(GridServices grid, RemoteReaders readers, Attaching attaching, GridState state) : IMailboxGrid
{
    readonly Retries _retries = new(grid.Time, state);

    public bool IsReady => state.IsReady;

    public ValueTask<DeliverResult> DeliverAsync(MailboxName mailbox, MessageDraft draft, CancellationToken cancel = default) =>
        DeliverAsync(mailbox, new Delivery(draft), cancel);

    ValueTask<DeliverResult> DeliverAsync(MailboxName mailbox, Delivery delivery, CancellationToken cancel) => _retries.AskAsync(
        () => grid.Of(mailbox).Deliver(delivery), answer => IsUnanswered(answer.Outcome, delivery.Draft), delivery.Draft.IdempotencyKey is not null,
        static fault => new(NotDone(fault)), cancel);

    public ValueTask<SendResult> SendAsync(
        GroupName group, MessageDraft draft, IReadOnlyCollection<MailboxName>? except = null, CancellationToken cancel = default) =>
        SendAsync(group, new GroupSend(draft, [.. except ?? []]), cancel);

    ValueTask<SendResult> SendAsync(GroupName group, GroupSend send, CancellationToken cancel) => _retries.AskAsync(
        () => grid.Of(group).Send(send), answer => IsUnanswered(answer.Outcome, send.Draft), send.Draft.IdempotencyKey is not null,
        static fault => new(NotDone(fault)), cancel);

    public async ValueTask<PostResult> PostAsync(PostRequest post, CancellationToken cancel = default)
    {
        if (post.To.Count + post.Groups.Count > 1 && await PostWholeAsync(post, cancel).ConfigureAwait(false) is { } result) return result;
        return await new PostInParts(post, DeliverAsync, SendAsync).RunAsync(cancel).ConfigureAwait(false);
    }

    ValueTask<PostResult?> PostWholeAsync(PostRequest post, CancellationToken cancel) => _retries.AskAsync(
        () => grid.Office().Post(new(post)), static _ => false, post.Draft.IdempotencyKey is not null,
        fault => new([.. post.To.Select(_ => new DeliverResult(NotDone(fault)))], [.. post.Groups.Select(_ => new SendResult(NotDone(fault)))]), cancel);

    public async ValueTask<OpenResult> OpenAsync(
        MailboxName mailbox, OpenRequest request, IReaderSignal? signal, CancellationToken cancel = default)
    {
        var reader = readers.Make(mailbox, request, signal);
        try
        {
            var outcome = await attaching.OpenAsync(reader, cancel).ConfigureAwait(false);
            if (outcome == OpenOutcome.Opened) return new(outcome, reader);
            reader.Close();
            return new(outcome);
        }
        catch (OperationCanceledException)
        {
            reader.Close();
            throw;
        }
    }

    public ValueTask<AcknowledgeOutcome> AcknowledgeAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        _retries.AskAsync(
            () => grid.Of(mailbox).Acknowledge(position), static answer => answer == AcknowledgeOutcome.Unavailable, isRepeatable: true,
            static _ => AcknowledgeOutcome.Unavailable, cancel);

    public ValueTask<UplinkResult> UplinkAsync(MailboxName mailbox, UplinkRequest request, CancellationToken cancel = default)
    {
        // What has neither number nor key could be accepted twice when it is repeated here.
        var call = new UplinkCall(request with { Drafts = [.. request.Drafts.Select(Keyed)] });
        return _retries.AskAsync(
            () => grid.Of(mailbox).Uplink(call), static answer => answer.Outcome is Outcome.NotOwner or Outcome.Stopping or Outcome.StoreFailed,
            isRepeatable: true, static fault => new(NotDone(fault)), cancel);
    }

    static UplinkDraft Keyed(UplinkDraft draft) =>
        draft is { Number: null, Key: null } ? draft with { Key = Guid.NewGuid().ToString("N") } : draft;

    public ValueTask<Outcome> SetOptionsAsync(MailboxName mailbox, MailboxOptionsChange change, CancellationToken cancel = default) =>
        ChangeAsync(() => grid.Of(mailbox).SetOptions(change), cancel);

    public async ValueTask<MailboxInfo?> GetAsync(MailboxName mailbox, CancellationToken cancel = default)
    {
        var found = await _retries.AskAsync(
            () => grid.Of(mailbox).Describe(), static answer => answer.Outcome == Outcome.NotOwner, isRepeatable: true,
            static fault => new(NotDone(fault)), cancel).ConfigureAwait(false);
        return Told(found.Outcome) ? found.Info : null;
    }

    public ValueTask<Outcome> RemoveAsync(MailboxName mailbox, CancellationToken cancel = default) =>
        ChangeAsync(() => grid.Of(mailbox).Remove(), cancel);

    public ValueTask<Outcome> DeleteMessageAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        ChangeAsync(() => grid.Of(mailbox).DeleteMessage(position), cancel);

    public async ValueTask<IReadOnlyList<MailboxName>> ListAsync(string? after, int limit, CancellationToken cancel = default) =>
        await _retries.AskAsync(() => grid.Office().List(after, limit), static _ => false, isRepeatable: true, static _ => null, cancel).ConfigureAwait(false)
        ?? throw new StoreException("No silo can list the mailboxes now.");

    public ValueTask<MembersResult> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, CancellationToken cancel = default)
    {
        var change = new MembersChange([.. add], [.. remove], Guid.NewGuid());
        return _retries.AskAsync(
            () => grid.Of(group).ChangeMembers(change), static answer => answer.Outcome == Outcome.NotOwner, isRepeatable: true,
            static fault => new(NotDone(fault)), cancel);
    }

    public async ValueTask<GroupPage?> GetGroupAsync(GroupName group, string? after, int limit, CancellationToken cancel = default)
    {
        var found = await _retries.AskAsync(
            () => grid.Of(group).Describe(after, limit), static answer => answer.Outcome == Outcome.NotOwner, isRepeatable: true,
            static fault => new(NotDone(fault)), cancel).ConfigureAwait(false);
        return Told(found.Outcome) ? found.Page : null;
    }

    public ValueTask<Outcome> RemoveGroupAsync(GroupName group, CancellationToken cancel = default)
    {
        var key = Guid.NewGuid();
        return ChangeAsync(() => grid.Of(group).Remove(key), cancel);
    }

    ValueTask<Outcome> ChangeAsync(Func<Task<Outcome>> change, CancellationToken cancel) =>
        _retries.AskAsync(change, static outcome => outcome == Outcome.NotOwner, isRepeatable: true, NotDone, cancel);

    /// <summary>Nothing was stored; or it is not known and the key makes that harmless.</summary>
    static bool IsUnanswered(Outcome outcome, MessageDraft draft) =>
        outcome is Outcome.NotOwner or Outcome.Stopping || (outcome == Outcome.StoreFailed && draft.IdempotencyKey is not null);

    /// <param name="fault">Null where nobody was asked, or nothing was done.</param>
    static Outcome NotDone(Exception? fault) => fault is null ? Outcome.NotOwner : Outcome.StoreFailed;

    static bool Told(Outcome outcome) => outcome is Outcome.Stored or Outcome.NotFound
        ? true
        : throw new StoreException($"The grid cannot answer now: {outcome}.");
}
