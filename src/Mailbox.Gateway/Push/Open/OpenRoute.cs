using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Station 9: opens a mailbox and hands the response to its transport, <c>GET /mailboxes/{mailbox}</c>.</summary>
sealed class OpenRoute(IMailboxGrid grid, HeldConnections held, WebSocketRoute webSockets, OpenRefusals refusals, IOptions<GatewayOptions> options)
{
    readonly GatewayOptions _options = options.Value;
    readonly SseTransport _sse = new(options.Value.Retry);
    readonly NdjsonTransport _ndjson = new();

    public Task Handle(HttpContext http, MailboxName mailbox)
    {
        var (query, problem) = OpenQuery.Read(http.Request, _options);
        if (query is null) return problem!.WriteAsync(http);
        if (query.Accepted == Accepted.WebSocket) return webSockets.Handle(http, mailbox, query);
        if (held.IsDraining) return refusals.WriteAsync(http, query.Accepted, OpenOutcome.Stopping);
        return query.Accepted == Accepted.Json ? Poll(http, mailbox, query) : Stream(http, mailbox, query);
    }

    async Task Stream(HttpContext http, MailboxName mailbox, OpenQuery query)
    {
        StreamTransport transport = query.Accepted switch
        {
            Accepted.EventStream => _sse,
            Accepted.JsonLines => _ndjson,
            Accepted.MultipartReplace => new MultipartTransport("x-mixed-replace"),
            _ => new MultipartTransport("mixed"),
        };
        var connection = new StreamConnection(held, http, transport);
        var opened = await grid.OpenAsync(mailbox, query.Request, connection, ClientLeft.Of(http)).ConfigureAwait(false);
        if (opened.Reader is null)
        {
            await refusals.WriteAsync(http, query.Accepted, opened.Outcome).ConfigureAwait(false);
            return;
        }
        held.Metrics.Opened(transport.Kind);
        MessageResponse.Prepare(http, transport.ContentType);
        MessageResponse.DisableServerRate(http);
        await connection.HoldAsync(opened.Reader, held.FirstHeartbeat).ConfigureAwait(false);
    }

    async Task Poll(HttpContext http, MailboxName mailbox, OpenQuery query)
    {
        var connection = query.Wait > TimeSpan.Zero ? new PollConnection(held, http) : null;
        var opened = await grid.OpenAsync(mailbox, query.Request, connection, ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        if (opened.Reader is null)
        {
            await refusals.WriteAsync(http, query.Accepted, opened.Outcome).ConfigureAwait(false);
            return;
        }
        held.Metrics.Opened(TransportKind.Poll);
        if (connection is not null) MessageResponse.DisableServerRate(http);
        await (connection?.HoldAsync(opened.Reader, query.Wait) ?? AnswerNow(http, opened.Reader)).ConfigureAwait(false);
    }

    async Task AnswerNow(HttpContext http, IMailboxReader reader)
    {
        var start = reader.Position;
        var taken = new List<Received>();
        try
        {
            while (reader.Drain(taken) == ReadStatus.Cold && taken.Count == 0) await reader.LoadAsync(ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
            held.Metrics.Written(taken.Count);
            PollTransport.Write(http, start, taken, reader.Ending is { } ending ? Closing.Of(ending) : null);
            var flushed = await http.Response.BodyWriter.FlushAsync().ConfigureAwait(false);
            // A client that has closed its own side may read this or be gone: the messages stay unread, to be repeated rather than lost (spec M8).
            if (!flushed.IsCompleted && !ClientLeft.Of(http).IsCancellationRequested) reader.Written();
        }
        finally
        {
            reader.Close();
        }
    }
}

/// <summary>Answers an open that the grid refused.</summary>
sealed class OpenRefusals(IOptions<GatewayOptions> options)
{
    readonly SseTransport _sse = new(options.Value.Retry);

    public Task WriteAsync(HttpContext http, Accepted accepted, OpenOutcome outcome)
    {
        if (outcome == OpenOutcome.StayAway) return http.NoContent();
        if (outcome == OpenOutcome.Conflict)
            return new Problem(ProblemKinds.MailboxHeld, "The mailbox is held, and this open asked with conflict=reject to be refused.").WriteAsync(http);
        var isStopping = outcome == OpenOutcome.Stopping;
        if (accepted != Accepted.EventStream) return (isStopping ? Problem.Draining : Problem.Unavailable).WriteAsync(http);
        // An EventSource never returns after a 5xx, so it gets a stream that ends at once.
        MessageResponse.Prepare(http, _sse.ContentType);
        _sse.Close(http.Response.BodyWriter, Closing.Of(isStopping ? Ending.Draining : Ending.Unavailable));
        return http.Response.BodyWriter.FlushAsync().AsTask();
    }
}
