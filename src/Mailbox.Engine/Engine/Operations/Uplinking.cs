namespace Mailbox.Engine;

/// <summary>How an uplink is accepted: in one operation where the takers' mailboxes are this engine's, else in steps.</summary>
static class Uplinking
{
    /// <param name="takers">Where takers belong to many engines: how they are reached.</param>
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
        TellSubscribers.Plan(batch, engine);
        var post = new PostOperation(engine, new(letter.Write(), [], [MailboxUplinks.Group], except is { } one ? [one] : []));
        post.Plan(batch);
        return MailboxUplinks.OutcomeOf(post.Result.Groups[0], isTaken: except is not null);
    }
}
