using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Station 1: one message to one mailbox, <c>POST /mailboxes/{mailbox}</c>.</summary>
sealed class DeliverRoute(IMailboxGrid grid, DraftReader drafts, GatewayMetrics metrics)
{
    public async Task Handle(HttpContext http, MailboxName mailbox)
    {
        var (draft, problem) = await drafts.ReadAsync(http.Request).ConfigureAwait(false);
        if (draft is null)
        {
            await problem!.WriteAsync(http).ConfigureAwait(false);
            return;
        }
        // Not cancelled when the sender leaves: the store has the message by then, and a known outcome is better than an unknown one.
        var result = await grid.DeliverAsync(mailbox, draft).ConfigureAwait(false);
        metrics.Delivered(result.Outcome);
        var answered = Problem.Of(result.Outcome) is { } refusal ? refusal.WriteAsync(http)
            : result.Outcome != Outcome.Dropped ? JsonAnswer.WriteAsync(http, StatusCodes.Status201Created, (mailbox, result), GridJson.WriteDelivered)
            : JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, 0, static (json, _) =>
            {
                json.WriteStartObject();
                json.WriteBoolean("dropped"u8, true);
                json.WriteEndObject();
            });
        await answered.ConfigureAwait(false);
    }
}
