using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>What is under <c>/mailboxes</c>: sends each request to its station, and answers states, lists, options and removals itself.</summary>
sealed class MailboxRoutes(
    IMailboxGrid grid, CallerNames names, Visitors visitors,
    OpenRoute open, DeliverRoute deliver, ExchangeRoute exchange, UplinkRoute uplink, ClientRequests client)
{
    const int MaxOptionsBytes = 4 << 10;

    public Task Handle(HttpContext http, RequestPath path)
    {
        var method = http.Request.Method;
        if (path.Count == 1) return method == "GET" ? List(http) : http.NotAllowed("GET");
        if (NameOf(http, path.Decode(1), out var mailbox) is { } problem) return problem.WriteAsync(http);
        return path.Count switch
        {
            2 => method switch
            {
                // HEAD is refused: it would open the mailbox, and its messages would count as written.
                "GET" => open.Handle(http, mailbox),
                "CONNECT" when WebSocketHandshake.IsAsked(http.Request) => open.Handle(http, mailbox),
                "POST" => deliver.Handle(http, mailbox),
                "PUT" => SetOptions(http, mailbox),
                "DELETE" => Remove(http, mailbox),
                _ => http.NotAllowed("GET, POST, PUT, DELETE"),
            },
            3 => path[2] switch
            {
                "state" => method == "GET" ? State(http, mailbox) : http.NotAllowed("GET"),
                "ack" => method == "POST" ? client.Acknowledge(http, mailbox) : http.NotAllowed("POST"),
                "uplink" => method == "POST" ? uplink.Handle(http, mailbox) : http.NotAllowed("POST"),
                "exchange" => method == "POST" ? exchange.Handle(http, mailbox) : http.NotAllowed("POST"),
                _ => Problem.NoSuchRoute.WriteAsync(http),
            },
            4 when path[2] is "messages" => method == "DELETE" ? RemoveMessage(http, mailbox, path.Decode(3)) : http.NotAllowed("DELETE"),
            _ => Problem.NoSuchRoute.WriteAsync(http),
        };
    }

    Problem? NameOf(HttpContext http, string text, out MailboxName mailbox)
    {
        if (text != Visitors.OwnMailbox) return names.Read(text, "mailbox", out mailbox);
        var visitor = visitors.Of(http);
        // The same path is another mailbox for each client, so that no cache may keep an answer (RFC 9111 section 3).
        http.Response.Headers.CacheControl = "no-store";
        Visitors.Remember(http, visitor);
        mailbox = visitor.Mailbox;
        return null;
    }

    async Task List(HttpContext http)
    {
        var page = PageQuery.Read(http.Request);
        if (page.Problem is not null)
        {
            await page.Problem.WriteAsync(http).ConfigureAwait(false);
            return;
        }
        var shown = new List<MailboxName>();
        var isLast = false;
        // Reserved names are not shown (spec S3); the page is filled with what comes after them.
        for (var after = page.After; !isLast && shown.Count < page.Limit;)
        {
            var found = await grid.ListAsync(after, page.Limit, ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
            isLast = found.Count < page.Limit;
            if (found.Count > 0) after = found[^1].ToString();
            shown.AddRange(found.Where(static name => !name.IsReserved).Take(page.Limit - shown.Count));
        }
        var next = shown.Count == page.Limit ? shown[^1].ToString() : null;
        await JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, (shown, next), static (json, page) =>
        {
            json.WriteStartObject();
            GridJson.WriteList(json, "mailboxes"u8, page.shown);
            GridJson.WriteNext(json, page.next);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    async Task State(HttpContext http, MailboxName mailbox)
    {
        var info = await grid.GetAsync(mailbox, ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        await (info is null
            ? Problem.Of(Outcome.NotFound)!.WriteAsync(http)
            : JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, info, GridJson.WriteState)).ConfigureAwait(false);
    }

    async Task Remove(HttpContext http, MailboxName mailbox) =>
        await http.Answer(await grid.RemoveAsync(mailbox).ConfigureAwait(false)).ConfigureAwait(false);

    async Task RemoveMessage(HttpContext http, MailboxName mailbox, string text) => await (Position.TryParse(text, out var position)
        ? http.Answer(await grid.DeleteMessageAsync(mailbox, position).ConfigureAwait(false))
        : Problem.BadPosition("position").WriteAsync(http)).ConfigureAwait(false);

    /// <summary><c>{"idle","overflow","maxMessages","maxBytes"}</c>; each may be left out or null.</summary>
    async Task SetOptions(HttpContext http, MailboxName mailbox)
    {
        using var body = await JsonRequest.ReadAsync(http.Request, MaxOptionsBytes).ConfigureAwait(false);
        var (change, problem) = body.Problem is null ? OptionsOf(body.Root) : (null, body.Problem);
        await (change is null
            ? problem!.WriteAsync(http)
            : http.Answer(await grid.SetOptionsAsync(mailbox, change).ConfigureAwait(false))).ConfigureAwait(false);
    }

    static (MailboxOptionsChange? Change, Problem? Problem) OptionsOf(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, JsonRequest.Bad("the body", "must be a JSON object"));
        if (JsonRequest.Unknown(json, "", "idle", "overflow", "maxMessages", "maxBytes") is { } problem) return (null, problem);
        var change = new MailboxOptionsChange();
        foreach (var member in json.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null) continue;
            var (changed, allowed) = member.Name switch
            {
                "idle" => (Whole(member.Value, (long)MessageDraft.MaxIdle.TotalSeconds) is { } seconds
                    ? change with { Idle = TimeSpan.FromSeconds(seconds) } : null, "must be 1 to 2592000 seconds"),
                "overflow" => (OverflowOf(member.Value) is { } overflow
                    ? change with { Overflow = overflow } : null, "must be 'drop-oldest', 'reject' or 'drop-newest'"),
                "maxMessages" => (Whole(member.Value, MailboxOptions.MaxMessagesLimit) is { } messages
                    ? change with { MaxMessages = (int)messages } : null, "must be a whole number from 1 to 1000000"),
                _ => (Whole(member.Value, MailboxOptions.MaxBytesLimit) is { } bytes
                    ? change with { MaxBytes = bytes } : null, "must be a whole number from 1 to 1073741824"),
            };
            if (changed is null) return (null, JsonRequest.Bad(member.Name, allowed));
            change = changed;
        }
        return (change, null);
    }

    static long? Whole(JsonElement value, long most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var whole) && whole >= 1 && whole <= most ? whole : null;

    static OverflowPolicy? OverflowOf(JsonElement value) => JsonData.TextOf(value) switch
    {
        "drop-oldest" => OverflowPolicy.DropOldest,
        "reject" => OverflowPolicy.Reject,
        "drop-newest" => OverflowPolicy.DropNewest,
        _ => null,
    };
}
