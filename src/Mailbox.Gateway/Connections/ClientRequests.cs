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
