namespace Mailbox.Grains;

/// <summary>Which way many deliveries go. Safe from any thread.</summary>
sealed class BatchRoute(GridCalls calls)
{
    static readonly DeliverResult s_uncertain = new(Outcome.StoreFailed);

    /// <summary>No one engine owns all: learnt from the first answer, for this client's life.</summary>
    volatile bool _isByMailbox;

    public async Task DeliverAsync(int[] letters, BatchDelivery batch, CancellationToken cancel)
    {
        if (!_isByMailbox && await DeliverWholeAsync(letters, batch, cancel).ConfigureAwait(false)) return;
        _isByMailbox = true;
        var mailboxes = letters.GroupBy(batch.NameOf);
        await Task.WhenAll(mailboxes.Select(one => DeliverAsync(one.Key, [.. one], batch, cancel))).ConfigureAwait(false);
    }

    async Task<bool> DeliverWholeAsync(int[] letters, BatchDelivery batch, CancellationToken cancel)
    {
        var drafts = DraftsOf(letters, batch);
        var whole = new DeliveryBatch(Array.ConvertAll(letters, batch.NameOf), drafts);
        var answers = await calls.AskAsync(
            () => calls.Office.DeliverMany(whole), AreKeyed(drafts), Uncertain(letters), cancel).ConfigureAwait(false);
        Answer(letters, answers, batch);
        return answers is not null;
    }

    async Task DeliverAsync(MailboxName mailbox, int[] letters, BatchDelivery batch, CancellationToken cancel)
    {
        var (grain, drafts) = (calls.GrainOf(mailbox), DraftsOf(letters, batch));
        var deliveries = new Deliveries(drafts);
        var answers = await calls.AskAsync(
            () => grain.DeliverMany(deliveries), AreKeyed(drafts), Uncertain(letters)!, cancel).ConfigureAwait(false);
        Answer(letters, answers, batch);
    }

    static MessageDraft[] DraftsOf(int[] letters, BatchDelivery batch) => Array.ConvertAll(letters, batch.DraftOf);

    static bool AreKeyed(MessageDraft[] drafts) => Array.TrueForAll(drafts, static draft => draft.IdempotencyKey is not null);

    static DeliverResult[]? Uncertain(int[] letters) => Array.ConvertAll(letters, static _ => s_uncertain);

    static void Answer(int[] letters, DeliverResult[]? answers, BatchDelivery batch)
    {
        for (var i = 0; i < answers?.Length; i++) batch.Answer(letters[i], answers[i]);
    }
}
