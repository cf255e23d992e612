using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Station 1: one message to one mailbox, <c>POST /mailboxes/{mailbox}</c>.</summary>
sealed class DeliverRoute(IMailboxGrid grid, DraftReader drafts, GatewayMetrics metrics)
{
    public async Task Handle(HttpContext http, MailboxName mailbox)
    {
        var (draft, problem) = await drafts.ReadAsync(http.Request).ConfigureAwait(false);
        await (draft is null ? problem!.WriteAsync(http) : DeliverAsync(http, mailbox, draft)).ConfigureAwait(false);
    }

    // Not cancelled when the sender leaves: what was handed to the store is stored, so the outcome is better known than not.
    async Task DeliverAsync(HttpContext http, MailboxName mailbox, MessageDraft draft)
    {
        var result = await grid.DeliverAsync(mailbox, draft).ConfigureAwait(false);
        metrics.Delivered(result.Outcome);
        await AnswerAsync(http, mailbox, result).ConfigureAwait(false);
    }

    static Task AnswerAsync(HttpContext http, MailboxName mailbox, DeliverResult result)
    {
        if (Problem.Of(result.Outcome) is { } problem) return problem.WriteAsync(http);
        return result.Outcome == Outcome.Dropped
            ? JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, 0, static (json, _) => WriteDropped(json))
            : JsonAnswer.WriteAsync(http, StatusCodes.Status201Created, (mailbox, result), AnswerJson.WriteDelivered);
    }

    static void WriteDropped(System.Text.Json.Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteBoolean("dropped"u8, true);
        json.WriteEndObject();
    }
}
