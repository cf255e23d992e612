using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>What is under <c>/groups</c>: station 1 for sends, and memberships.</summary>
sealed class GroupRoutes(IMailboxGrid grid, CallerNames names, DraftReader drafts, GatewayMetrics metrics)
{
    const int MaxNames = 10_000;
    const int MaxBodyBytes = 2 << 20;

    public Task Handle(HttpContext http, RequestPath path)
    {
        var method = http.Request.Method;
        if (path.Count is < 2 or > 4 || (path.Count > 2 && path[2] is not "members")) return Problem.NoSuchRoute.WriteAsync(http);
        if (names.Read(path.Decode(1), "group", out GroupName group) is { } problem) return problem.WriteAsync(http);
        if (path.Count == 3) return method == "POST" ? ChangeMembers(http, group) : http.NotAllowed("POST");
        if (path.Count == 2)
            return method switch
            {
                "GET" => Get(http, group),
                "POST" => Send(http, group),
                "DELETE" => Remove(http, group),
                _ => http.NotAllowed("GET, POST, DELETE"),
            };
        if (names.Read(path.Decode(3), "mailbox", out MailboxName mailbox) is { } fault) return fault.WriteAsync(http);
        return method switch
        {
            "PUT" => Change(http, group, [mailbox], []),
            "DELETE" => Change(http, group, [], [mailbox]),
            _ => http.NotAllowed("PUT, DELETE"),
        };
    }

    async Task Get(HttpContext http, GroupName group)
    {
        var query = PageQuery.Read(http.Request);
        var page = query.Problem is null ? await grid.GetGroupAsync(group, query.After, query.Limit, ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false) : null;
        await (page is null
            ? (query.Problem ?? Problem.Of(Outcome.NotFound)!).WriteAsync(http)
            : JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, (group, page), GridJson.WriteGroup)).ConfigureAwait(false);
    }

    async Task Remove(HttpContext http, GroupName group) =>
        await http.Answer(await grid.RemoveGroupAsync(group).ConfigureAwait(false)).ConfigureAwait(false);

    async Task Send(HttpContext http, GroupName group)
    {
        var except = new List<MailboxName>();
        Problem? problem = null;
        foreach (var text in http.Request.Query["except"])
        {
            if ((problem = names.Read(text, "except", out MailboxName name)) is not null) break;
            except.Add(name);
        }
        MessageDraft? draft = null;
        if (problem is null) (draft, problem) = await drafts.ReadAsync(http.Request).ConfigureAwait(false);
        if (draft is null)
        {
            await problem!.WriteAsync(http).ConfigureAwait(false);
            return;
        }
        var result = await grid.SendAsync(group, draft, except).ConfigureAwait(false);
        metrics.Sent(result.Outcome);
        await (Problem.Of(result.Outcome)?.WriteAsync(http)
            ?? JsonAnswer.WriteAsync(http, StatusCodes.Status201Created, (group, result), GridJson.WriteSent)).ConfigureAwait(false);
    }

    async Task ChangeMembers(HttpContext http, GroupName group)
    {
        using var body = await JsonRequest.ReadAsync(http.Request, MaxBodyBytes).ConfigureAwait(false);
        var (add, remove) = (new List<MailboxName>(), new List<MailboxName>());
        var problem = body.Problem;
        if (problem is null && body.Root.ValueKind != JsonValueKind.Object) problem = JsonRequest.Bad("the body", "must be a JSON object");
        problem ??= JsonRequest.Unknown(body.Root, "", "add", "remove");
        if (problem is null && body.Root.TryGetProperty("add", out var added)) problem = names.Read(added, "add", add);
        if (problem is null && body.Root.TryGetProperty("remove", out var removed)) problem = names.Read(removed, "remove", remove);
        if (problem is null && add.Count + remove.Count > MaxNames) problem = JsonRequest.Bad("add, remove", $"have more than {MaxNames} names together");
        await (problem?.WriteAsync(http) ?? Change(http, group, add, remove)).ConfigureAwait(false);
    }

    async Task Change(HttpContext http, GroupName group, List<MailboxName> add, List<MailboxName> remove)
    {
        var result = await grid.ChangeMembersAsync(group, add, remove).ConfigureAwait(false);
        await (Problem.Of(result.Outcome)?.WriteAsync(http)
            ?? JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, (group, result), GridJson.WriteMembers)).ConfigureAwait(false);
    }
}
