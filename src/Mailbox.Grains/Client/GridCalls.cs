namespace Mailbox.Grains;

/// <summary>
/// Station 1 of a backend: asks grains, again while nobody can answer. A silo does not tell clients outside the cluster that it is gone,
/// so every call has a short timeout and a delivery an idempotency key. Safe from any thread.
/// </summary>
/// <param name="stopping">The process is leaving: what reads ends.</param>
sealed class GridCalls(IGrainFactory grains, TimeProvider time, MailboxGridOptions options, ISiloGate gate, CancellationToken stopping)
{
    readonly Retries _retries = new(time, gate, options.Deadline);
    readonly MadeKeys _keys = new(time, options);

    public TimeProvider Time => time;

    public CancellationToken Stopping => stopping;

    public TimeSpan Deadline => options.Deadline;

    public ISiloGate Gate => gate;

    public IOfficeGrain Office => grains.GetGrain<IOfficeGrain>(0);

    public IMailboxGrain GrainOf(MailboxName mailbox) => grains.GetGrain<IMailboxGrain>(mailbox.ToString());

    public IGroupGrain GrainOf(GroupName group) => grains.GetGrain<IGroupGrain>(group.ToString());

    public MessageDraft WithKey(MessageDraft draft) => _keys.Give(draft);

    /// <summary>A key that this client made must not be why a delivery is refused.</summary>
    public void KeysAreMany() => _keys.Pause();

    public async ValueTask<DeliverResult> DeliverAsync(IMailboxGrain grain, Delivery delivery, CancellationToken cancel)
    {
        var keyed = WithKey(delivery.Draft);
        var result = await DeliverKeyedAsync(grain, new(keyed) { Copy = delivery.Copy }, cancel).ConfigureAwait(false);
        if (result.Outcome != Outcome.TooManyKeys || ReferenceEquals(keyed, delivery.Draft)) return result;
        KeysAreMany();
        return await DeliverKeyedAsync(grain, delivery, cancel).ConfigureAwait(false);
    }

    public async ValueTask<SendResult> SendAsync(GroupName group, GroupSend send, CancellationToken cancel)
    {
        var keyed = WithKey(send.Draft);
        var result = await SendKeyedAsync(group, send.With(keyed), cancel).ConfigureAwait(false);
        if (result.Outcome != Outcome.TooManyKeys || ReferenceEquals(keyed, send.Draft)) return result;
        KeysAreMany();
        return await SendKeyedAsync(group, send, cancel).ConfigureAwait(false);
    }

    /// <exception cref="MailboxUnavailableException">Nobody answered in time.</exception>
    public ValueTask<T> AskAsync<T>(Func<Task<T>> call, Func<T, bool> isUnanswered, CancellationToken cancel) =>
        _retries.AskAsync(call, isUnanswered, isRepeatable: true, Uncertain<T>, cancel);

    /// <param name="unanswered">The answer where there is none.</param>
    public ValueTask<T> AskAsync<T>(Func<Task<T>> call, bool isRepeatable, T unanswered, CancellationToken cancel) =>
        _retries.AskAsync(call, static _ => false, isRepeatable, _ => unanswered, cancel);

    /// <summary>Nothing was stored; or it is not known and the key makes that harmless.</summary>
    public static bool IsUnanswered(Outcome outcome, MessageDraft draft) =>
        outcome is Outcome.NotOwner or Outcome.Stopping or Outcome.Overloaded
        || (outcome == Outcome.StoreFailed && draft.IdempotencyKey is not null);

    /// <summary>What is not stored, nor dropped by the mailbox's own policy, is an exception.</summary>
    public static void Demand(Outcome outcome, string target)
    {
        if (outcome is Outcome.Stored or Outcome.Dropped or Outcome.Excepted) return;
        if (MailboxRefusedException.Covers(outcome)) throw new MailboxRefusedException(outcome, target);
        throw new MailboxUnavailableException(outcome);
    }

    ValueTask<DeliverResult> DeliverKeyedAsync(IMailboxGrain grain, Delivery delivery, CancellationToken cancel) => _retries.AskAsync(
        () => grain.Deliver(delivery), answer => IsUnanswered(answer.Outcome, delivery.Draft), delivery.Draft.IdempotencyKey is not null,
        Uncertain<DeliverResult>, cancel);

    ValueTask<SendResult> SendKeyedAsync(GroupName group, GroupSend send, CancellationToken cancel)
    {
        var grain = GrainOf(group);
        return _retries.AskAsync(
            () => grain.Send(send), answer => IsUnanswered(answer.Outcome, send.Draft), send.Draft.IdempotencyKey is not null,
            Uncertain<SendResult>, cancel);
    }

    static T Uncertain<T>(Exception? cause) => throw new MailboxUnavailableException(cause is null ? Outcome.NotOwner : Outcome.StoreFailed, cause);
}
