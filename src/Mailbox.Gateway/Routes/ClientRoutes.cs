using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>What clients say under <c>/mailboxes/{mailbox}</c>: acknowledgements (station 9), uplinks and exchanges.</summary>
sealed class ClientRoutes(IMailboxGrid grid, ExchangeRoute exchange, UplinkRoute uplink, GatewayMetrics metrics)
{
    public Task Handle(HttpContext http, MailboxName mailbox, ReadOnlySpan<char> part) => part switch
    {
        "ack" => http.Request.Method == "POST" ? Acknowledge(http, mailbox) : http.NotAllowed("POST"),
        "uplink" => http.Request.Method == "POST" ? uplink.Handle(http, mailbox) : http.NotAllowed("POST"),
        "exchange" => http.Request.Method == "POST" ? exchange.Handle(http, mailbox) : http.NotAllowed("POST"),
        _ => Problem.NoSuchRoute.WriteAsync(http),
    };

    async Task Acknowledge(HttpContext http, MailboxName mailbox)
    {
        if (!Position.TryParse(http.Request.Query["position"].ToString(), out var position))
        {
            await Problem.BadPosition("position").WriteAsync(http).ConfigureAwait(false);
            return;
        }
        var outcome = await grid.AcknowledgeAsync(mailbox, position).ConfigureAwait(false);
        metrics.Acknowledged();
        await AnswerOf(http, outcome).ConfigureAwait(false);
    }

    static Task AnswerOf(HttpContext http, AcknowledgeOutcome outcome) => outcome switch
    {
        AcknowledgeOutcome.Acknowledged => http.NoContent(),
        AcknowledgeOutcome.NotFound => Problem.Of(Outcome.NotFound)!.WriteAsync(http),
        AcknowledgeOutcome.BadPosition =>
            new Problem(ProblemKinds.BadPosition, "position: it is of another epoch or of the future.").WriteAsync(http),
        _ => Problem.Unavailable.WriteAsync(http),
    };
}
