using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Station 9: clients' acknowledgements and numbered uplinks, which come by requests of their own, by exchanges and over WebSockets.</summary>
sealed class ClientRequests(IMailboxGrid grid, GatewayMetrics metrics, IOptions<GatewayOptions> options)
{
    const int Envelope = 4096;

    /// <summary>The most bytes of one frame or exchange: the largest body as base64, and what is around it.</summary>
    public int MaxFrameBytes { get; } = (options.Value.MaxBodyBytes / 3 * 4) + Envelope;

    /// <summary><c>POST /mailboxes/{mailbox}/ack?position=P</c></summary>
    public async Task Acknowledge(HttpContext http, MailboxName mailbox)
    {
        if (!Position.TryParse(http.Request.Query["position"].ToString(), out var position))
        {
            await Problem.BadPosition("position").WriteAsync(http).ConfigureAwait(false);
            return;
        }
        await (await AcknowledgeAsync(mailbox, position).ConfigureAwait(false) switch
        {
            AcknowledgeOutcome.Acknowledged => http.NoContent(),
            AcknowledgeOutcome.NotFound => Problem.Of(Outcome.NotFound)!.WriteAsync(http),
            AcknowledgeOutcome.BadPosition => new Problem(ProblemKinds.BadPosition, "position: it is of another epoch or of the future.").WriteAsync(http),
            _ => Problem.Unavailable.WriteAsync(http),
        }).ConfigureAwait(false);
    }

    public async Task<AcknowledgeOutcome> AcknowledgeAsync(MailboxName mailbox, Position position)
    {
        var outcome = await grid.AcknowledgeAsync(mailbox, position).ConfigureAwait(false);
        metrics.Acknowledged();
        return outcome;
    }

    /// <summary>Records a client's messages to the backend, in order, once for each of its numbers.</summary>
    public async Task<UplinkReceipt> UplinkAsync(MailboxName mailbox, string client, IReadOnlyList<UplinkDraft> drafts)
    {
        var result = await grid.UplinkAsync(mailbox, new(client, drafts)).ConfigureAwait(false);
        return new(result.Highest, UplinkRefusals.Of(result.Outcome));
    }
}
