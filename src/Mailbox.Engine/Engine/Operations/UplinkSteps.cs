namespace Mailbox.Engine;

/// <summary>
/// Uplinks where takers may belong to other engines: looked at, sent to the takers, and only then recorded. Whoever dies in between
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
