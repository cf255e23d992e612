using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>What clients ask for on a connection that they hold.</summary>
sealed class ClientRequests(IMailboxGrid grid, GatewayMetrics metrics, IOptions<GatewayOptions> options)
{
    const int Envelope = 4096;

    /// <summary>The most that a client may say at once: the largest body as base64, and what is around it.</summary>
    public int MaxFrameBytes { get; } = (options.Value.MaxBodyBytes / 3 * 4) + Envelope;

    /// <summary>
    /// One of another epoch or of the future acknowledges nothing, as at an open. Where the store cannot take it, the next one says the
    /// same and more.
    /// </summary>
    public async Task AcknowledgeAsync(MailboxName mailbox, Position position)
    {
        await grid.AcknowledgeAsync(mailbox, position).ConfigureAwait(false);
        metrics.Acknowledged();
    }

    public ValueTask<OpenResult> OpenAsync(MailboxName mailbox, OpenRequest request, IReaderSignal signal, CancellationToken cancel) =>
        grid.OpenAsync(mailbox, request, signal, cancel);

    /// <summary>Records what a client says to the backend, in order, once for each of its numbers.</summary>
    public async Task<UplinkReceipt> UplinkAsync(MailboxName mailbox, string client, IReadOnlyList<UplinkDraft> drafts)
    {
        var told = await grid.UplinkAsync(mailbox, new(client, drafts)).ConfigureAwait(false);
        return new(told.Highest, UplinkRefusals.Of(told.Outcome));
    }
}

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
