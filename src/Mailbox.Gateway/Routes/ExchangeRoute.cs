using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// Stations 1 and 9: <c>POST /mailboxes/{mailbox}/exchange</c>, one request that carries what the client says and is then parked for what it
/// is told. What is said is recorded before the mailbox is opened: opening sends the client's older exchange home, which confirms it.
/// </summary>
sealed class ExchangeRoute(HeldConnections held, ClientRequests requests, ParkedExchanges parked, OpenRefusals refusals, IOptions<GatewayOptions> options)
{
    public async Task Handle(HttpContext http, MailboxName mailbox)
    {
        using var json = await JsonRequest.ReadAsync(http.Request, requests.MaxFrameBytes).ConfigureAwait(false);
        var (body, problem) = json.Problem is null ? ExchangeBody.Read(json.Root, options.Value) : (null, json.Problem);
        await (body is null ? problem!.WriteAsync(http)
            : held.IsDraining ? refusals.WriteAsync(http, Accepted.Json, OpenOutcome.Stopping)
            : Exchange(http, mailbox, body)).ConfigureAwait(false);
    }

    async Task Exchange(HttpContext http, MailboxName mailbox, ExchangeBody body)
    {
        var receipt = await requests.UplinkAsync(mailbox, body.Client, body.Uplinks).ConfigureAwait(false);
        parked.Accept(mailbox, body.Client, receipt.Highest);
        receipt = receipt with { Refusal = receipt.Refusal ?? body.Refusal };
        if (receipt.Refusal is not null)
        {
            await receipt.WriteRefusalAsync(http).ConfigureAwait(false);
            return;
        }
        var connection = new ExchangeConnection(held, http, body);
        connection.Accept(receipt.Highest);
        await Open(http, mailbox, body, connection).ConfigureAwait(false);
    }

    async Task Open(HttpContext http, MailboxName mailbox, ExchangeBody body, ExchangeConnection connection)
    {
        var request = OpenQuery.ForAnswers(new() { After = body.After, Client = body.Client });
        var opened = await requests.OpenAsync(mailbox, request, connection, ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        if (opened.Reader is null)
        {
            await refusals.WriteAsync(http, Accepted.Json, opened.Outcome).ConfigureAwait(false);
            return;
        }
        held.Metrics.Opened(TransportKind.Exchange);
        MessageResponse.DisableServerRate(http);
        parked.Park(mailbox, body.Client, connection);
        await Park(connection, opened.Reader, body.Wait).ConfigureAwait(false);
        parked.Leave(mailbox, body.Client, connection);
    }

    static Task Park(ExchangeConnection connection, IMailboxReader reader, TimeSpan wait)
    {
        var answered = connection.HoldAsync(reader, wait);
        if (wait == TimeSpan.Zero) connection.Post(Work.Due);
        return answered;
    }
}
