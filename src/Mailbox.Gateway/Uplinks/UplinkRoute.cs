using System.Collections.Concurrent;
using Mailbox.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// <c>POST /mailboxes/{mailbox}/uplink</c>: one message to the backend, which answers the client. It is recorded when the backend has answered,
/// and told to everybody else who takes uplinks. Without a backend it is recorded for those alone.
/// </summary>
sealed class UplinkRoute(
    IMailboxGrid grid, UplinkBackend backend, UplinkAnswers answers, UplinksUnderWay underWay, IMailboxTokens tokens, IOptions<GatewayOptions> options)
{
    const int MaxKeys = 1;
    readonly long _maxBody = options.Value.MaxBodyBytes - MailboxUplinks.HeadBytes;

    public async Task Handle(HttpContext http, MailboxName mailbox)
    {
        var (draft, problem) = await ReadAsync(http.Request).ConfigureAwait(false);
        if (draft is not null && problem is null) problem = await TellAsync(http, mailbox, draft).ConfigureAwait(false);
        if (problem is not null) await problem.WriteAsync(http).ConfigureAwait(false);
    }

    async ValueTask<(UplinkDraft? Draft, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        var keys = DraftReader.Decoded(request.Headers["Idempotency-Key"]);
        if (keys.Count > MaxKeys || (keys is [var key] && !MessageDraft.IsKey(key ?? "")))
            return (null, new(ProblemKinds.BadHeader, "Idempotency-Key: must be 1 to 64 bytes, once."));
        if (request.ContentType is { } type && !MessageDraft.IsContentType(type))
            return (null, new(ProblemKinds.BadHeader, "Content-Type: must be 1 to 256 printable ASCII characters."));
        var (body, problem) = await BodyReader.ReadAsync(request, _maxBody).ConfigureAwait(false);
        return body is null ? (null, problem) : (new() { Body = body, ContentType = request.ContentType ?? "application/octet-stream", Key = keys.Count > 0 ? keys[0] : null }, null);
    }

    async Task<Problem?> TellAsync(HttpContext http, MailboxName mailbox, UplinkDraft draft)
    {
        var letter = new UplinkLetter(IdOf(mailbox, draft), mailbox, null, null, draft.ContentType, draft.Body);
        if (!backend.IsThere) return await RecordAsync(http, letter, draft).ConfigureAwait(false);
        // Not cancelled when the client leaves: the backend may have begun.
        var (answer, problem) = await underWay.RunAsync(letter.Id, () => AskAsync(letter, draft), ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        if (answer is null) return problem ?? await AnswerAsync(http, StatusCodes.Status200OK, letter, draft).ConfigureAwait(false);
        await using var asked = answer.ConfigureAwait(false);
        if (problem is null) await answers.WriteAsync(http, answer, new(mailbox, tokens.Make(mailbox), IsNew: false)).ConfigureAwait(false);
        return problem;
    }

    /// <returns>Neither where it was recorded before.</returns>
    async Task<(BackendAnswer? Answer, Problem? Problem)> AskAsync(UplinkLetter letter, UplinkDraft draft)
    {
        if (draft.Key is not null && await FindAsync(letter.Mailbox, draft).ConfigureAwait(false) is var found && found != Outcome.Dropped) return (null, UplinkRefusals.Of(found));
        var answer = await backend.AskAsync(letter, CancellationToken.None).ConfigureAwait(false);
        if (answer is null) return (null, UplinkRefusals.Down);
        return (answer, UplinkAnswers.IsFinal(answer) ? UplinkRefusals.Of(await RecordAnsweredAsync(letter.Mailbox, draft).ConfigureAwait(false)) : null);
    }

    /// <returns><see cref="Outcome.Stored"/> where it was recorded before, <see cref="Outcome.Dropped"/> where it is new.</returns>
    async ValueTask<Outcome> FindAsync(MailboxName mailbox, UplinkDraft draft) =>
        (await grid.UplinkAsync(mailbox, new(null, [draft]) { Asks = true }).ConfigureAwait(false)).Outcome;

    async ValueTask<Outcome> RecordAnsweredAsync(MailboxName mailbox, UplinkDraft draft) =>
        (await grid.UplinkAsync(mailbox, new(null, [draft], MailboxUplinks.Gateways)).ConfigureAwait(false)).Outcome;

    async Task<Problem?> RecordAsync(HttpContext http, UplinkLetter letter, UplinkDraft draft)
    {
        var recorded = await grid.UplinkAsync(letter.Mailbox, new(null, [draft])).ConfigureAwait(false);
        return UplinkRefusals.Of(recorded.Outcome) ?? await AnswerAsync(http, StatusCodes.Status202Accepted, letter, draft).ConfigureAwait(false);
    }

    static async Task<Problem?> AnswerAsync(HttpContext http, int status, UplinkLetter letter, UplinkDraft draft)
    {
        await JsonAnswer.WriteAsync(http, status, draft.Key is null ? null : letter.Id, static (json, id) =>
        {
            json.WriteStartObject();
            if (id is not null) json.WriteString("uplink"u8, id);
            json.WriteBoolean("recorded"u8, true);
            json.WriteEndObject();
        }).ConfigureAwait(false);
        return null;
    }

    static string IdOf(MailboxName mailbox, UplinkDraft draft) => draft.Key is { } key ? MailboxUplinks.IdOf(mailbox, key) : MailboxUplinks.NewId();
}

/// <summary>What clients are telling the backend now: a repeated one waits for the first (spec M13). Safe from any thread.</summary>
sealed class UplinksUnderWay
{
    readonly ConcurrentDictionary<string, Task> _asked = new(StringComparer.Ordinal);

    /// <param name="id">Of the uplink: where the client gave a key, the same for each repetition.</param>
    /// <param name="left">Ends the waiting, but not <paramref name="tell"/>.</param>
    public async Task<T> RunAsync<T>(string id, Func<Task<T>> tell, CancellationToken left)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (_asked.GetOrAdd(id, told.Task) is var other && other != told.Task) await other.WaitAsync(left).ConfigureAwait(false);
        try
        {
            return await tell().ConfigureAwait(false);
        }
        finally
        {
            _asked.TryRemove(id, out _);
            told.SetResult();
        }
    }
}
