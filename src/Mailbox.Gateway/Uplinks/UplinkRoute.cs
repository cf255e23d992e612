using System.Collections.Concurrent;
using Mailbox.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// <c>POST /mailboxes/{mailbox}/uplink</c>: one message to the backend, whose answer is the client's. It is recorded when the backend has
/// answered, and goes to all other takers of uplinks. Without a backend it is recorded for those alone.
/// </summary>
sealed class UplinkRoute(IMailboxGrid grid, UplinkBackend backend, IMailboxTokens tokens, IOptions<GatewayOptions> options)
{
    readonly long _maxBody = options.Value.MaxBodyBytes - MailboxUplinks.HeadBytes;
    readonly SingleFlight _underWay = new();

    public async Task Handle(HttpContext http, MailboxName mailbox)
    {
        var (draft, problem) = await ReadAsync(http.Request).ConfigureAwait(false);
        if (draft is not null && problem is null) problem = await TellAsync(http, mailbox, draft).ConfigureAwait(false);
        if (problem is not null) await problem.WriteAsync(http).ConfigureAwait(false);
    }

    async ValueTask<(UplinkDraft? Draft, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        var keys = DraftReader.Decoded(request.Headers["Idempotency-Key"]);
        if (keys.Count > 1 || (keys is [var key] && !MessageDraft.IsKey(key ?? "")))
            return (null, new(ProblemKinds.BadHeader, "Idempotency-Key: must be 1 to 64 bytes, once."));
        if (request.ContentType is { } type && !MessageDraft.IsContentType(type))
            return (null, new(ProblemKinds.BadHeader, "Content-Type: must be 1 to 256 printable ASCII characters."));
        var (body, problem) = await BodyReader.ReadAsync(request, _maxBody).ConfigureAwait(false);
        return body is null ? (null, problem) : (new() { Body = body, ContentType = request.ContentType ?? "application/octet-stream", Key = keys.Count > 0 ? keys[0] : null }, null);
    }

    async Task<Problem?> TellAsync(HttpContext http, MailboxName mailbox, UplinkDraft draft)
    {
        var id = draft.Key is { } key ? MailboxUplinks.IdOf(mailbox, key) : MailboxUplinks.NewId();
        var letter = new UplinkLetter(id, mailbox, null, null, draft.ContentType, draft.Body);
        if (!backend.IsThere)
        {
            var recorded = await grid.UplinkAsync(mailbox, new(null, [draft])).ConfigureAwait(false);
            return UplinkRefusals.Of(recorded.Outcome) ?? await AnswerAsync(http, StatusCodes.Status202Accepted, letter, draft).ConfigureAwait(false);
        }
        // Not cancelled when the client leaves: the backend may have begun.
        var (answer, problem) = await _underWay.RunAsync(letter.Id, () => AskAsync(letter, draft), ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        if (answer is null) return problem ?? await AnswerAsync(http, StatusCodes.Status200OK, letter, draft).ConfigureAwait(false);
        await using var asked = answer.ConfigureAwait(false);
        if (problem is null) await backend.WriteAsync(http, answer, new(mailbox, tokens.Make(mailbox), IsNew: false)).ConfigureAwait(false);
        return problem;
    }

    /// <returns>Neither where the uplink was recorded before.</returns>
    async Task<(BackendAnswer? Answer, Problem? Problem)> AskAsync(UplinkLetter letter, UplinkDraft draft)
    {
        if (draft.Key is not null)
        {
            // Dropped: not recorded before.
            var found = await grid.UplinkAsync(letter.Mailbox, new(null, [draft]) { Asks = true }).ConfigureAwait(false);
            if (found.Outcome != Outcome.Dropped) return (null, UplinkRefusals.Of(found.Outcome));
        }
        var answer = await backend.AskAsync(letter, CancellationToken.None).ConfigureAwait(false);
        if (answer is null) return (null, UplinkRefusals.Down);
        if (!UplinkBackend.IsFinal(answer)) return (answer, null);
        var recorded = await grid.UplinkAsync(letter.Mailbox, new(null, [draft], MailboxUplinks.Gateways)).ConfigureAwait(false);
        return (answer, UplinkRefusals.Of(recorded.Outcome));
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
}

/// <summary>One call at a time for each id: a repeated uplink waits for the first (spec M13). Safe from any thread.</summary>
sealed class SingleFlight
{
    readonly ConcurrentDictionary<string, Task> _asked = new(StringComparer.Ordinal);

    /// <param name="id">The uplink's id: the same for each repetition where the client gave a key.</param>
    /// <param name="left">Cancels the wait, not the call.</param>
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
