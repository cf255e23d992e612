using Mailbox.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// <c>POST /mailboxes/{mailbox}/uplink</c>: one message to the backend, which answers the client. It is recorded when the backend has answered,
/// and told to everybody else who takes uplinks. Without a backend's URL it is recorded for those alone.
/// </summary>
sealed class UplinkRoute(IMailboxGrid grid, UplinkBackend backend, UplinkAnswers answers, UplinkMetrics metrics, IOptions<GatewayOptions> options)
{
    const int RetrySeconds = 5;
    const int MaxKeys = 1;
    readonly long _maxBody = options.Value.MaxBodyBytes - MailboxUplinks.HeadBytes;

    static Problem NoBackend { get; } = new(ProblemKinds.NoBackend, "Nobody takes what clients say: Mailbox:Uplink is not set, and nobody else has subscribed.");

    static Problem Down { get; } = new(ProblemKinds.BackendDown, "The backend did not answer; nothing was recorded. Repeat it with the same Idempotency-Key.", RetrySeconds);

    public async Task Handle(HttpContext http, MailboxName mailbox)
    {
        var (draft, problem) = await ReadAsync(http.Request).ConfigureAwait(false);
        if (draft is not null && problem is null) problem = await TellAsync(http, mailbox, draft).ConfigureAwait(false);
        if (problem is not null) await problem.WriteAsync(http).ConfigureAwait(false);
    }

    async ValueTask<(UplinkDraft? Draft, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        var keys = request.Headers["Idempotency-Key"];
        if (keys.Count > MaxKeys || (keys is [var key] && !MessageDraft.IsKey(key ?? "")))
            return (null, new(ProblemKinds.BadHeader, "Idempotency-Key: must be 1 to 64 bytes, once."));
        if (request.ContentType is { } type && !MessageDraft.IsContentType(type))
            return (null, new(ProblemKinds.BadHeader, "Content-Type: must be 1 to 256 printable ASCII characters."));
        if (await BodyReader.ReadAsync(request, _maxBody).ConfigureAwait(false) is not { } body) return (null, Problem.TooLarge(_maxBody));
        return (new() { Body = body, ContentType = request.ContentType ?? "application/octet-stream", Key = keys.Count > 0 ? keys[0] : null }, null);
    }

    Task<Problem?> TellAsync(HttpContext http, MailboxName mailbox, UplinkDraft draft) =>
        backend.IsThere ? AskAsync(http, mailbox, draft) : RecordAsync(http, mailbox, draft);

    async Task<Problem?> AskAsync(HttpContext http, MailboxName mailbox, UplinkDraft draft)
    {
        if (draft.Key is not null && await KnownAsync(mailbox, draft).ConfigureAwait(false) is var (isKnown, refused) && (isKnown || refused is not null))
            return refused ?? await AnswerRepeatedAsync(http, mailbox, draft).ConfigureAwait(false);
        var letter = new UplinkLetter(IdOf(mailbox, draft), mailbox, null, null, draft.ContentType, draft.Body);
        // Not cancelled when the client leaves: the backend may have begun.
        using var answer = await backend.PostAsync(letter, CancellationToken.None).ConfigureAwait(false);
        metrics.Forwarded(answer is not null && UplinkAnswers.IsFinal(answer));
        if (answer is null) return Down;
        if (UplinkAnswers.IsFinal(answer) && await RecordAnsweredAsync(mailbox, draft).ConfigureAwait(false) is { } problem) return problem;
        await answers.WriteAsync(http, answer, http.RequestAborted).ConfigureAwait(false);
        return null;
    }

    async ValueTask<(bool IsKnown, Problem? Refused)> KnownAsync(MailboxName mailbox, UplinkDraft draft)
    {
        var asked = await grid.UplinkAsync(mailbox, new(null, [draft]) { Asks = true }).ConfigureAwait(false);
        return (asked.Outcome == Outcome.Stored, Problem.Of(asked.Outcome));
    }

    async Task<Problem?> RecordAnsweredAsync(MailboxName mailbox, UplinkDraft draft) =>
        Problem.Of((await grid.UplinkAsync(mailbox, new(null, [draft], UplinkBackend.Taker)).ConfigureAwait(false)).Outcome);

    async Task<Problem?> RecordAsync(HttpContext http, MailboxName mailbox, UplinkDraft draft)
    {
        var recorded = await grid.UplinkAsync(mailbox, new(null, [draft])).ConfigureAwait(false);
        if (recorded.Outcome == Outcome.NotFound) return NoBackend;
        if (recorded.Outcome == Outcome.MailboxFull) return Busy;
        if (Problem.Of(recorded.Outcome) is { } problem) return problem;
        await AnswerAsync(http, StatusCodes.Status202Accepted, mailbox, draft).ConfigureAwait(false);
        return null;
    }

    static Problem Busy { get; } = new(ProblemKinds.BackendDown, "Too much waits for those who take what clients say.", RetrySeconds);

    static async Task<Problem?> AnswerRepeatedAsync(HttpContext http, MailboxName mailbox, UplinkDraft draft)
    {
        await AnswerAsync(http, StatusCodes.Status200OK, mailbox, draft).ConfigureAwait(false);
        return null;
    }

    static Task AnswerAsync(HttpContext http, int status, MailboxName mailbox, UplinkDraft draft) => JsonAnswer.WriteAsync(
        http, status, draft.Key is null ? null : IdOf(mailbox, draft), static (json, id) =>
        {
            json.WriteStartObject();
            if (id is not null) json.WriteString("uplink"u8, id);
            json.WriteBoolean("recorded"u8, true);
            json.WriteEndObject();
        });

    static string IdOf(MailboxName mailbox, UplinkDraft draft) => draft.Key is { } key ? MailboxUplinks.IdOf(mailbox, key) : MailboxUplinks.NewId();
}
