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
    public override Urgency Urgency => request.Drafts.Count == 0 ? Urgency.Brief : Urgency.Queued;

    public override void Plan(Batch batch) => Planned = Accept(batch);

    protected override UplinkResult Refuse(Outcome why) => new(why);

    protected override bool DependsOn(MailboxName mailbox) => mailbox == name;

    UplinkResult Accept(Batch batch)
    {
        if (!engine.Table.Owns(name)) return new(Outcome.NotOwner);
        if (request.Drafts.Count == 0) return new(Outcome.Stored, engine.Table.Find(name) is { } found ? NumbersOf(found).Highest : 0);
        var mailbox = engine.Table.FindOrMake(name);
        lock (mailbox) SeeReader(batch, mailbox);
        var accepted = 0;
        foreach (var draft in request.Drafts)
        {
            var outcome = Accept(batch, mailbox, draft, ref accepted);
            if (outcome != Outcome.Stored) return new(outcome, NumbersOf(mailbox).Highest, accepted);
        }
        return new(Outcome.Stored, NumbersOf(mailbox).Highest, accepted);
    }

    void SeeReader(Batch batch, LiveMailbox mailbox)
    {
        Lifetime.ReaderSeen(batch, mailbox);
        // Where the mailbox may have another owner since the record goes with something of the mailbox, and is refused with it.
        if (!engine.Options.OwnsAll) Lifetime.Confirm(batch, mailbox);
    }

    Outcome Accept(Batch batch, LiveMailbox mailbox, UplinkDraft draft, ref int accepted)
    {
        if (draft.Number is { } number && NumbersOf(mailbox).Has(number)) return Outcome.Stored;
        if (draft.Key is { } key && Find(key) is { } answered) return answered.Digest == KeyHasher.DigestOf(draft) ? Outcome.Stored : Outcome.KeyReused;
        if (!HasRoomFor(mailbox, draft)) return Outcome.TooManyKeys;
        var outcome = pass(batch, LetterOf(mailbox, draft));
        if (outcome != Outcome.Stored) return outcome;
        Record(batch, mailbox, draft);
        accepted++;
        return outcome;
    }

    bool HasRoomFor(LiveMailbox mailbox, UplinkDraft draft) =>
        (draft.Key is null && (draft.Number is null || NumbersOf(mailbox).Highest > 0)) || engine.Keys.HasRoomForClients;

    RememberedKey? Find(string key) => engine.Keys.Find(KeyHasher.UplinkKeyOf(name, key));

    AcceptedNumbers NumbersOf(LiveMailbox mailbox) =>
        request.Client is { } client && engine.Keys.Find(KeyHasher.ClientOf(name, mailbox.Handle.Epoch, client)) is { } known
            ? new(known.Second, known.Digest) : default;

    UplinkLetter LetterOf(LiveMailbox mailbox, UplinkDraft draft) =>
        new(IdOf(mailbox, draft), name, draft.Number is null ? null : request.Client, draft.Number, draft.ContentType, draft.Body);

    string IdOf(LiveMailbox mailbox, UplinkDraft draft) => draft switch
    {
        { Number: { } number } => MailboxUplinks.IdOf(name, mailbox.Handle.Epoch, request.Client!, number),
        { Key: { } key } => MailboxUplinks.IdOf(name, key),
        _ => MailboxUplinks.NewId(),
    };

    void Record(Batch batch, LiveMailbox mailbox, UplinkDraft draft)
    {
        var epoch = mailbox.Handle.Epoch;
        if (draft.Key is { } key)
            engine.Keys.Remember(KeyHasher.UplinkKeyOf(name, key), ToRemember(epoch, KeyHasher.DigestOf(draft), 0), Durability.Disk, null);
        if (draft.Number is not { } number) return;
        var numbers = NumbersOf(mailbox).With(number);
        engine.Keys.RememberUntil(
            KeyHasher.ClientOf(name, epoch, request.Client!), ToRemember(epoch, numbers.Bits, numbers.Highest), UplinkMemory.EndOf(batch, mailbox));
    }

    /// <summary>The epoch says whose it is to the stores, which drop it with what else a former owner wrote.</summary>
    static RememberedKey ToRemember(ulong epoch, ulong digest, long second) => new(digest, 0, epoch, second, 0, 1);
}
