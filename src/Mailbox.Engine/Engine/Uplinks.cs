using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// A client's messages to the backend (spec section 5): each is passed on and recorded in one commit, once for its number or its key.
/// That is a reader's activity (spec M15).
/// </summary>
/// <param name="pass">Passes a letter on that is new; what it answers <see cref="Outcome.Stored"/> is recorded.</param>
sealed class UplinkOperation(MailboxEngine engine, MailboxName name, UplinkRequest request, Func<Batch, UplinkLetter, Outcome> pass)
    : AnsweredOperation<UplinkResult>
{
    public override long Weight => request.Drafts.Sum(static draft => (long)draft.Body.Length);

    // A client that says nothing asks what has been accepted of it: there is nothing to store.
    public override Priority Priority => request.Drafts.Count == 0 ? Priority.Inline : Priority.Normal;

    public override void Plan(Batch batch)
    {
        Partition = engine.Partitions.Find(name);
        Planned = Partition is null ? new(Outcome.NotOwner) : Accept(batch, Partition);
    }

    protected override UplinkResult Refuse(Outcome why) => new(why);

    UplinkResult Accept(Batch batch, Partition partition)
    {
        batch.Confirm(partition);
        if (request.Drafts.Count == 0)
            return new(Outcome.Stored, engine.Mailboxes.Find(batch, partition, name) is { } found ? NumbersOf(batch, found).Highest : 0);
        if (batch.IsFull) return new(Outcome.StoreFull);
        var mailbox = engine.Mailboxes.FindOrMake(batch, partition, name);
        lock (mailbox) Lifetime.ReaderSeen(batch, mailbox);
        var accepted = 0;
        foreach (var draft in request.Drafts)
        {
            var outcome = Accept(batch, mailbox, draft, ref accepted);
            if (outcome != Outcome.Stored) return new(outcome, NumbersOf(batch, mailbox).Highest, accepted);
        }
        return new(Outcome.Stored, NumbersOf(batch, mailbox).Highest, accepted);
    }

    Outcome Accept(Batch batch, LiveMailbox mailbox, UplinkDraft draft, ref int accepted)
    {
        if (draft.Number is { } number && NumbersOf(batch, mailbox).Has(number)) return Outcome.Stored;
        if (draft.Key is { } key && engine.Keys.Find(batch, mailbox.Partition, KeyHasher.UplinkKeyOf(name, key)) is { } answered)
            return answered.Digest == KeyHasher.DigestOf(draft) ? Outcome.Stored : Outcome.KeyReused;
        var needsKey = draft.Key is not null || (draft.Number is not null && NumbersOf(batch, mailbox).Highest == 0);
        if (needsKey && !engine.Keys.HasRoomForClients(batch)) return Outcome.TooManyKeys;
        var outcome = pass(batch, LetterOf(mailbox, draft));
        if (outcome != Outcome.Stored) return outcome;
        Record(batch, mailbox, draft);
        accepted++;
        return outcome;
    }

    AcceptedNumbers NumbersOf(Batch batch, LiveMailbox mailbox) =>
        request.Client is { } client && engine.Keys.Find(batch, mailbox.Partition, KeyHasher.ClientOf(name, mailbox.Epoch, client)) is { } known
            ? new(known.Second, known.Digest) : default;

    UplinkLetter LetterOf(LiveMailbox mailbox, UplinkDraft draft)
    {
        var id = draft switch
        {
            { Number: { } number } => MailboxUplinks.IdOf(name, mailbox.Epoch, request.Client!, number),
            { Key: { } key } => MailboxUplinks.IdOf(name, key),
            _ => MailboxUplinks.NewId(),
        };
        return new(id, name, draft.Number is null ? null : request.Client, draft.Number, draft.ContentType, draft.Body);
    }

    void Record(Batch batch, LiveMailbox mailbox, UplinkDraft draft)
    {
        var epoch = mailbox.Epoch;
        if (draft.Key is { } key)
            engine.Keys.Remember(batch, mailbox.Partition, KeyHasher.UplinkKeyOf(name, key), ToRemember(epoch, KeyHasher.DigestOf(draft), 0), Durability.Disk, null);
        if (draft.Number is not { } number) return;
        var numbers = NumbersOf(batch, mailbox).With(number);
        engine.Keys.RememberUntil(
            batch, mailbox.Partition, KeyHasher.ClientOf(name, epoch, request.Client!), ToRemember(epoch, numbers.Bits, numbers.Highest), UplinkMemory.EndOf(batch, mailbox));
    }

    /// <summary>The epoch says of which incarnation of the mailbox it is.</summary>
    static RememberedKey ToRemember(ulong epoch, ulong digest, long second) => new(digest, 0, epoch, second, 0, 1);
}

/// <summary>How an uplink is accepted: in one operation where the takers' mailboxes are in the same partition, else in steps.</summary>
static class Uplinking
{
    /// <param name="takers">Where takers belong to many partitions: how they are reached.</param>
    public static async ValueTask<UplinkResult> RunAsync(
        MailboxEngine engine, MailboxName mailbox, UplinkRequest request, IMailboxGrid? takers, CancellationToken cancel)
    {
        Arguments.Check(mailbox);
        var most = engine.Options.MaxBodyBytes - MailboxUplinks.HeadBytes;
        var fitting = request.Drafts.TakeWhile(draft => draft.Body.Length <= most).ToList();
        if (fitting.Count == request.Drafts.Count) return await AcceptAsync(engine, mailbox, request, takers, cancel).ConfigureAwait(false);
        // Those before the one that is too large are accepted, as before any other that is refused: the client learns from the highest which one it is.
        var accepted = await AcceptAsync(engine, mailbox, request with { Drafts = fitting }, takers, cancel).ConfigureAwait(false);
        return accepted.Outcome == Outcome.Stored ? accepted with { Outcome = Outcome.TooLarge } : accepted;
    }

    static ValueTask<UplinkResult> AcceptAsync(
        MailboxEngine engine, MailboxName mailbox, UplinkRequest request, IMailboxGrid? takers, CancellationToken cancel)
    {
        if (request.Asks) return engine.AskAsync(new UplinkOperation(engine, mailbox, request, static (_, _) => Outcome.Dropped), cancel);
        if (takers is not null) return new(new UplinkSteps(engine, takers).RunAsync(mailbox, request).AsTask().WaitAsync(cancel));
        return engine.AskAsync(new UplinkOperation(engine, mailbox, request, (batch, letter) => Pass(engine, batch, letter, request.Except)), cancel);
    }

    static Outcome Pass(MailboxEngine engine, Batch batch, UplinkLetter letter, MailboxName? except)
    {
        // What happened to the mailbox before its client said this, such as that it was made, is told before it.
        EventRecording.Plan(batch, engine);
        var post = new PostOperation(engine, new(letter.Write(), [], [MailboxUplinks.Group], except is { } one ? [one] : []));
        post.Plan(batch);
        return MailboxUplinks.OutcomeOf(post.Result.Groups[0], isTaken: except is not null);
    }
}

/// <summary>
/// Uplinks where takers may be in other partitions: looked at, sent to the takers, and only then recorded. A process that dies in between
/// leaves a client that repeats, and the takers know the letter by its key.
/// </summary>
sealed class UplinkSteps(MailboxEngine engine, IMailboxGrid grid)
{
    public async ValueTask<UplinkResult> RunAsync(MailboxName mailbox, UplinkRequest request)
    {
        if (request.Drafts.Count == 0) return await AskAsync(mailbox, request, static (_, _) => Outcome.Stored).ConfigureAwait(false);
        var result = new UplinkResult(Outcome.Stored);
        foreach (var draft in request.Drafts)
        {
            var one = await PassAsync(mailbox, new(request.Client, [draft], request.Except)).ConfigureAwait(false);
            result = one with { Accepted = result.Accepted + one.Accepted };
            if (one.Outcome != Outcome.Stored) break;
        }
        return result;
    }

    async ValueTask<UplinkResult> PassAsync(MailboxName mailbox, UplinkRequest request)
    {
        UplinkLetter? unsent = null;
        var looked = await AskAsync(mailbox, request, (_, letter) =>
        {
            unsent = letter;
            return Outcome.Dropped;
        }).ConfigureAwait(false);
        if (looked.Outcome != Outcome.Dropped || unsent is null) return looked;
        var outcome = await SendAsync(unsent, request.Except).ConfigureAwait(false);
        if (outcome != Outcome.Stored) return looked with { Outcome = outcome };
        return await AskAsync(mailbox, request, static (_, _) => Outcome.Stored).ConfigureAwait(false);
    }

    async ValueTask<Outcome> SendAsync(UplinkLetter letter, MailboxName? except)
    {
        var draft = letter.Write() with { IdempotencyKey = letter.Id };
        var sent = await SendAsync(draft, except).ConfigureAwait(false);
        if (sent.Outcome == Outcome.KeyReused)
        {
            // The client's number was sent before, with another body: the first stays.
            if (letter.Number is not null) return Outcome.Stored;
            // Gateways may differ in whether they have a backend, and so in whom they except. The same letter, sent before through one of the other kind, is sent.
            sent = await SendAsync(draft, except is null ? MailboxUplinks.Gateways : null).ConfigureAwait(false);
        }
        return MailboxUplinks.OutcomeOf(sent, isTaken: except is not null);
    }

    ValueTask<SendResult> SendAsync(MessageDraft draft, MailboxName? except) =>
        grid.SendAsync(MailboxUplinks.Group, draft, except is { } one ? [one] : [], CancellationToken.None);

    ValueTask<UplinkResult> AskAsync(MailboxName mailbox, UplinkRequest request, Func<Batch, UplinkLetter, Outcome> pass) =>
        engine.AskAsync(new UplinkOperation(engine, mailbox, request, pass), CancellationToken.None);
}
