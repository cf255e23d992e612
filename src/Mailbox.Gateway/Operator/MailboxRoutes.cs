using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>What is under <c>/mailboxes</c> but opening, delivering and what else clients do: states and removals.</summary>
sealed class MailboxRoutes(
    IMailboxGrid grid, CallerNames names, OpenRoute open, DeliverRoute deliver, MailboxOptionsRoute options, ClientRoutes client, Visitors visitors)
{
    public Task Handle(HttpContext http, RequestPath path)
    {
        if (path.Count == 1) return http.Request.Method == "GET" ? List(http) : http.NotAllowed("GET");
        if (Find(http, path.Decode(1), out var mailbox) is { } problem) return problem.WriteAsync(http);
        return path.Count switch
        {
            2 => OnMailbox(http, mailbox),
            3 => OnPart(http, mailbox, path[2]),
            4 when path[2] is "messages" => OnMessage(http, mailbox, path.Decode(3)),
            _ => Problem.NoSuchRoute.WriteAsync(http),
        };
    }

    Problem? Find(HttpContext http, string text, out MailboxName mailbox)
    {
        if (text != Visitors.OwnMailbox) return names.Read(text, "mailbox", out mailbox);
        var visitor = visitors.Of(http);
        // The same path is another mailbox for each client, so that no cache may keep an answer (RFC 9111 section 3).
        http.Response.Headers.CacheControl = "no-store";
        Visitors.Remember(http, visitor);
        mailbox = visitor.Mailbox;
        return null;
    }

    // HEAD is refused: it would open the mailbox, and its letters would count as written.
    Task OnMailbox(HttpContext http, MailboxName mailbox) => http.Request.Method switch
    {
        "GET" => open.Handle(http, mailbox),
        "CONNECT" when WebSocketHandshake.IsAsked(http.Request) => open.Handle(http, mailbox),
        "POST" => deliver.Handle(http, mailbox),
        "PUT" => options.Handle(http, mailbox),
        "DELETE" => Remove(http, mailbox),
        _ => http.NotAllowed("GET, POST, PUT, DELETE"),
    };

    Task OnPart(HttpContext http, MailboxName mailbox, ReadOnlySpan<char> part) => part switch
    {
        "state" => http.Request.Method == "GET" ? State(http, mailbox) : http.NotAllowed("GET"),
        _ => client.Handle(http, mailbox, part),
    };

    Task OnMessage(HttpContext http, MailboxName mailbox, string text)
    {
        if (http.Request.Method != "DELETE") return http.NotAllowed("DELETE");
        return Position.TryParse(text, out var position)
            ? RemoveMessage(http, mailbox, position)
            : Problem.BadPosition("position").WriteAsync(http);
    }

    async Task RemoveMessage(HttpContext http, MailboxName mailbox, Position position) =>
        await http.Answer(await grid.DeleteMessageAsync(mailbox, position).ConfigureAwait(false)).ConfigureAwait(false);

    async Task Remove(HttpContext http, MailboxName mailbox) =>
        await http.Answer(await grid.RemoveAsync(mailbox).ConfigureAwait(false)).ConfigureAwait(false);

    async Task State(HttpContext http, MailboxName mailbox)
    {
        var info = await grid.GetAsync(mailbox, ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        await (info is null
            ? Problem.Of(Outcome.NotFound)!.WriteAsync(http)
            : JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, info, AnswerJson.WriteState)).ConfigureAwait(false);
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
        await JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, ((IReadOnlyList<MailboxName>)shown, next), AnswerJson.WriteNames).ConfigureAwait(false);
    }
}

/// <summary><c>PUT /mailboxes/{mailbox}</c>: <c>{"idle","overflow","maxMessages","maxBytes"}</c>, each may be left out or null.</summary>
sealed class MailboxOptionsRoute(IMailboxGrid grid)
{
    const int MaxBodyBytes = 4 << 10;

    public async Task Handle(HttpContext http, MailboxName mailbox)
    {
        using var body = await JsonRequest.ReadAsync(http.Request, MaxBodyBytes).ConfigureAwait(false);
        var (change, problem) = body.Problem is null ? Read(body.Root) : (null, body.Problem);
        await (change is null
            ? problem!.WriteAsync(http)
            : http.Answer(await grid.SetOptionsAsync(mailbox, change).ConfigureAwait(false))).ConfigureAwait(false);
    }

    static (MailboxOptionsChange? Change, Problem? Problem) Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, JsonRequest.Bad("the body", "must be a JSON object"));
        if (JsonRequest.Unknown(json, "", "idle", "overflow", "maxMessages", "maxBytes") is { } problem) return (null, problem);
        var change = new MailboxOptionsChange();
        try
        {
            foreach (var member in json.EnumerateObject())
                if (member.Value.ValueKind == JsonValueKind.Null) continue;
                else if (With(change, member) is { } changed) change = changed;
                else return (null, JsonRequest.Bad(member.Name, Allowed(member.Name)));
        }
        catch (InvalidOperationException)
        {
            return (null, JsonRequest.NotUnicode);
        }
        return (change, null);
    }

    /// <returns>Null where the member is of the wrong kind or out of its range.</returns>
    static MailboxOptionsChange? With(MailboxOptionsChange change, JsonProperty member) => member.Name switch
    {
        "idle" when Whole(member.Value, (long)MessageDraft.MaxIdle.TotalSeconds) is { } seconds => change with { Idle = TimeSpan.FromSeconds(seconds) },
        "overflow" when OverflowOf(member.Value) is { } overflow => change with { Overflow = overflow },
        "maxMessages" when Whole(member.Value, MailboxOptions.MaxMessagesLimit) is { } messages => change with { MaxMessages = (int)messages },
        "maxBytes" when Whole(member.Value, MailboxOptions.MaxBytesLimit) is { } bytes => change with { MaxBytes = bytes },
        _ => null,
    };

    static string Allowed(string name) => name switch
    {
        "idle" => "must be 1 to 2592000 seconds",
        "overflow" => "must be 'drop-oldest', 'reject' or 'drop-newest'",
        "maxMessages" => "must be a whole number from 1 to 1000000",
        _ => "must be a whole number from 1 to 1073741824",
    };

    static long? Whole(JsonElement value, long most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var whole) && whole >= 1 && whole <= most ? whole : null;

    static OverflowPolicy? OverflowOf(JsonElement value) => value.ValueKind != JsonValueKind.String ? null : value.GetString() switch
    {
        "drop-oldest" => OverflowPolicy.DropOldest,
        "reject" => OverflowPolicy.Reject,
        "drop-newest" => OverflowPolicy.DropNewest,
        _ => null,
    };
}
