using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// Stations 1 and 9: <c>POST /mailboxes/{mailbox}/exchange</c>, one request that carries the client's messages and is then parked for its own.
/// The client's are recorded before the mailbox is opened: the open ends the client's older exchange, whose answer confirms them.
/// </summary>
sealed class ExchangeRoute(
    IMailboxGrid grid, HeldConnections held, ClientRequests requests, ParkedExchanges parked, OpenRefusals refusals, IOptions<GatewayOptions> options)
{
    public async Task Handle(HttpContext http, MailboxName mailbox)
    {
        using var json = await JsonRequest.ReadAsync(http.Request, requests.MaxFrameBytes).ConfigureAwait(false);
        var (body, problem) = json.Problem is null ? ExchangeBody.Read(json.Root, options.Value) : (null, json.Problem);
        await (body is null ? problem!.WriteAsync(http)
            : held.IsDraining ? refusals.WriteAsync(http, Accepted.Json, OpenOutcome.Stopping)
            : ExchangeAsync(http, mailbox, body)).ConfigureAwait(false);
    }

    async Task ExchangeAsync(HttpContext http, MailboxName mailbox, ExchangeBody body)
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
        var request = OpenQuery.ForAnswers(new() { After = body.After, Client = body.Client });
        var opened = await grid.OpenAsync(mailbox, request, connection, ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        if (opened.Reader is null)
        {
            await refusals.WriteAsync(http, Accepted.Json, opened.Outcome).ConfigureAwait(false);
            return;
        }
        held.Metrics.Opened(TransportKind.Exchange);
        MessageResponse.DisableServerRate(http);
        parked.Park(mailbox, body.Client, connection);
        var answered = connection.HoldAsync(opened.Reader, body.Wait);
        if (body.Wait == TimeSpan.Zero) connection.Post(Work.Due);
        await answered.ConfigureAwait(false);
        parked.Leave(mailbox, body.Client, connection);
    }
}

/// <summary>The body of an exchange: <c>{"client":ID,"after":P?,"uplink":[…]?,"wait":N?}</c>.</summary>
/// <param name="Uplinks">The messages before the first that is refused.</param>
/// <param name="Refusal">Why that one is refused; null where none is.</param>
sealed record ExchangeBody(string Client, Position? After, IReadOnlyList<UplinkDraft> Uplinks, Problem? Refusal, TimeSpan Wait)
{
    const int MaxUplinks = 1000;

    public static (ExchangeBody? Body, Problem? Problem) Read(JsonElement json, GatewayOptions options)
    {
        if (json.ValueKind != JsonValueKind.Object) return Refuse("the exchange", "must be a JSON object");
        if (JsonRequest.Unknown(json, "", "client", "after", "uplink", "wait") is { } unknown) return (null, unknown);
        if (!json.TryGetProperty("client", out var name) || JsonData.TextOf(name) is not { } client || !OpenRequest.IsClient(client))
            return Refuse("client", "must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -");
        Position position = default;
        var hasPosition = json.TryGetProperty("after", out var after) && after.ValueKind != JsonValueKind.Null;
        if (hasPosition && (JsonData.TextOf(after) is not { } text || !Position.TryParse(text, out position))) return (null, Problem.BadPosition("after"));
        if (WaitOf(json, options) is not { } wait) return Refuse("wait", "must be a whole number of seconds from 0");
        var hasUplinks = json.TryGetProperty("uplink", out var list) && list.ValueKind != JsonValueKind.Null;
        if (hasUplinks && (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MaxUplinks))
            return Refuse("uplink", $"must be a list of at most {MaxUplinks} messages");
        var (uplinks, refusal) = UplinksOf(list);
        return (new(client, hasPosition ? position : null, uplinks, refusal, wait), null);
    }

    static TimeSpan? WaitOf(JsonElement json, GatewayOptions options)
    {
        if (!json.TryGetProperty("wait", out var wait) || wait.ValueKind == JsonValueKind.Null) return options.Wait;
        if (wait.ValueKind != JsonValueKind.Number || !wait.TryGetUInt32(out var seconds)) return null;
        return TimeSpan.FromSeconds(Math.Min(seconds, options.MaxWait.TotalSeconds));
    }

    // The same as where the grid refuses one: those before it are recorded, those behind it are not.
    static (List<UplinkDraft> Drafts, Problem? Refusal) UplinksOf(JsonElement list)
    {
        var drafts = new List<UplinkDraft>();
        if (list.ValueKind != JsonValueKind.Array) return (drafts, null);
        foreach (var one in list.EnumerateArray())
        {
            var (draft, problem) = UplinkJson.Read(one, $"uplink[{drafts.Count}]");
            if (draft is null) return (drafts, problem);
            drafts.Add(draft);
        }
        return (drafts, null);
    }

    static (ExchangeBody? Body, Problem? Problem) Refuse(string field, string fault) => (null, JsonRequest.Bad(field, fault));
}
