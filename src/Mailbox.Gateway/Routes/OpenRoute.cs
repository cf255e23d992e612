using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Station 9: opens a mailbox and hands the response to its transport, <c>GET /mailboxes/{mailbox}</c>.</summary>
sealed class OpenRoute(IMailboxGrid grid, HeldConnections held, IOptions<GatewayOptions> options)
{
    readonly GatewayOptions _options = options.Value;
    readonly SseTransport _sse = new(options.Value.Retry);
    readonly NdjsonTransport _ndjson = new();

    public Task Handle(HttpContext http, MailboxName mailbox)
    {
        var (query, problem) = OpenQuery.Read(http.Request, _options);
        if (query is null) return problem!.WriteAsync(http);
        if (held.IsDraining) return RefuseForNow(http, query, OpenOutcome.Stopping);
        return query.IsPoll ? Poll(http, mailbox, query) : Stream(http, mailbox, query);
    }

    async Task Stream(HttpContext http, MailboxName mailbox, OpenQuery query)
    {
        var transport = TransportOf(query.Accepted);
        var connection = new StreamConnection(held, http, transport);
        var opened = await grid.OpenAsync(mailbox, query.Request, connection, ClientLeft.Of(http)).ConfigureAwait(false);
        if (opened.Reader is null)
        {
            await Refuse(http, query, opened.Outcome).ConfigureAwait(false);
            return;
        }
        held.Metrics.Opened(transport.Kind);
        MessageResponse.Prepare(http, transport.ContentType);
        MessageResponse.DisableServerRate(http);
        await connection.HoldAsync(opened.Reader, FirstHeartbeat()).ConfigureAwait(false);
    }

    // Connections that were opened together would all be written to together.
    TimeSpan FirstHeartbeat() => held.Heartbeat * (0.5 + Random.Shared.NextDouble() / 2);

    async Task Poll(HttpContext http, MailboxName mailbox, OpenQuery query)
    {
        var connection = query.Wait > TimeSpan.Zero ? new PollConnection(held, http) : null;
        var opened = await grid.OpenAsync(mailbox, query.Request, connection, ClientLeft.Of(http)).ConfigureAwait(false);
        if (opened.Reader is null)
        {
            await Refuse(http, query, opened.Outcome).ConfigureAwait(false);
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
            while (Read(reader, taken) == ReadStatus.Cold && taken.Count == 0) await reader.LoadAsync(ClientLeft.Of(http)).ConfigureAwait(false);
            held.Metrics.Written(taken.Count);
            PollTransport.Write(http, start, taken, reader.Ending is { } ending ? Closing.Of(ending) : null);
            var flushed = await http.Response.BodyWriter.FlushAsync().ConfigureAwait(false);
            if (!flushed.IsCompleted) reader.Written();
        }
        finally
        {
            reader.Close();
        }
    }

    static ReadStatus Read(IMailboxReader reader, List<Received> into)
    {
        ReadStatus status;
        do status = reader.TryRead(into);
        while (status == ReadStatus.Read);
        return status;
    }

    StreamTransport TransportOf(Accepted accepted) => accepted switch
    {
        Accepted.EventStream => _sse,
        Accepted.JsonLines => _ndjson,
        Accepted.MultipartReplace => new MultipartTransport("x-mixed-replace"),
        _ => new MultipartTransport("mixed"),
    };

    Task Refuse(HttpContext http, OpenQuery query, OpenOutcome outcome) => outcome switch
    {
        OpenOutcome.StayAway => http.NoContent(),
        OpenOutcome.Conflict =>
            new Problem(ProblemKinds.MailboxHeld, "The mailbox is held, and this open asked with conflict=reject to be refused.").WriteAsync(http),
        _ => RefuseForNow(http, query, outcome),
    };

    // An EventSource never returns after a 5xx, so it is given a stream that ends at once.
    Task RefuseForNow(HttpContext http, OpenQuery query, OpenOutcome outcome)
    {
        var stopping = outcome == OpenOutcome.Stopping;
        if (query.Accepted != Accepted.EventStream) return (stopping ? Problem.Draining : Problem.Unavailable).WriteAsync(http);
        MessageResponse.Prepare(http, _sse.ContentType);
        _sse.Close(http.Response.BodyWriter, Closing.Of(stopping ? Ending.Draining : Ending.Unavailable));
        return http.Response.BodyWriter.FlushAsync().AsTask();
    }
}
