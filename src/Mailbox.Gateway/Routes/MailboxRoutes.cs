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
