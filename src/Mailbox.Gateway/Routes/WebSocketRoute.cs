using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Station 9: opens a mailbox over a WebSocket. What can be refused is refused before the upgrade, as for a poll.</summary>
sealed class WebSocketRoute(IMailboxGrid grid, HeldConnections held, Cors cors, OpenRefusals refusals, ClientRequests requests)
{
    static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(2);

    public async Task Handle(HttpContext http, MailboxName mailbox, OpenQuery query)
    {
        if (WebSocketHandshake.FaultOf(http, cors) is { } problem)
        {
            await problem.WriteAsync(http).ConfigureAwait(false);
            return;
        }
        var connection = new WebSocketConnection(held, http);
        var opened = held.IsDraining ? new(OpenOutcome.Stopping)
            : await grid.OpenAsync(mailbox, query.Request, connection, ClientLeft.Of(http)).ConfigureAwait(false);
        if (opened.Reader is null)
        {
            await refusals.WriteAsync(http, query.Accepted, opened.Outcome).ConfigureAwait(false);
            return;
        }
        held.Metrics.Opened(TransportKind.Websocket);
        await Hold(http, connection, opened.Reader, new(connection, requests, mailbox, query.Request.Client)).ConfigureAwait(false);
    }

    async Task Hold(HttpContext http, WebSocketConnection connection, IMailboxReader reader, ClientFrames frames)
    {
        var stream = await Upgrade(http, reader).ConfigureAwait(false);
        var ended = connection.HoldAsync(reader, stream);
        var reading = frames.ReadAsync(stream);
        await ended.ConfigureAwait(false);
        connection.Release();
        await Part(http, reading).ConfigureAwait(false);
    }

    static async Task<Stream> Upgrade(HttpContext http, IMailboxReader reader)
    {
        try
        {
            return await WebSocketHandshake.AcceptAsync(http).ConfigureAwait(false);
        }
        catch
        {
            reader.Close();
            throw;
        }
    }

    // RFC 6455 section 7.1.1: the server closes the connection below, but not before the client has had time to say goodbye.
    async Task Part(HttpContext http, Task reading)
    {
        try
        {
            await reading.WaitAsync(s_goodbye, held.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            http.Abort();
            await reading.ConfigureAwait(false);
        }
    }
}
