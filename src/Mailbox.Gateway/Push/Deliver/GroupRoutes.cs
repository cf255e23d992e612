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
        if (path.Count is < 2 or > 4 || (path.Count > 2 && path[2] is not "members")) return Problem.NoSuchRoute.WriteAsync(http);
        if (names.Read(path.Decode(1), "group", out GroupName group) is { } problem) return problem.WriteAsync(http);
        return path.Count switch
        {
            2 => OnGroup(http, group),
            3 => http.Request.Method == "POST" ? ChangeMembers(http, group) : http.NotAllowed("POST"),
            _ => OnMember(http, group, path.Decode(3)),
        };
    }

    Task OnGroup(HttpContext http, GroupName group) => http.Request.Method switch
    {
        "GET" => Get(http, group),
        "POST" => Send(http, group),
        "DELETE" => Remove(http, group),
        _ => http.NotAllowed("GET, POST, DELETE"),
    };

    Task OnMember(HttpContext http, GroupName group, string name)
    {
        if (names.Read(name, "mailbox", out MailboxName mailbox) is { } problem) return problem.WriteAsync(http);
        return http.Request.Method switch
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
            : JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, (group, page), AnswerJson.WriteGroup)).ConfigureAwait(false);
    }

    async Task Remove(HttpContext http, GroupName group) =>
        await http.Answer(await grid.RemoveGroupAsync(group).ConfigureAwait(false)).ConfigureAwait(false);

    async Task Send(HttpContext http, GroupName group)
    {
        var (except, problem) = ExceptOf(http.Request);
        var (draft, fault) = problem is null ? await drafts.ReadAsync(http.Request).ConfigureAwait(false) : default;
        await (draft is null ? (problem ?? fault)!.WriteAsync(http) : Send(http, group, draft, except)).ConfigureAwait(false);
    }

    async Task Send(HttpContext http, GroupName group, MessageDraft draft, List<MailboxName> except)
    {
        var result = await grid.SendAsync(group, draft, except).ConfigureAwait(false);
        metrics.Sent(result.Outcome);
        await (Problem.Of(result.Outcome) is { } problem
            ? problem.WriteAsync(http)
            : JsonAnswer.WriteAsync(http, StatusCodes.Status201Created, (group, result), AnswerJson.WriteSent)).ConfigureAwait(false);
    }

    (List<MailboxName> Except, Problem? Problem) ExceptOf(HttpRequest request)
    {
        var except = new List<MailboxName>();
        foreach (var text in request.Query["except"])
        {
            if (names.Read(text, "except", out MailboxName name) is { } problem) return (except, problem);
            except.Add(name);
        }
        return (except, null);
    }

    async Task ChangeMembers(HttpContext http, GroupName group)
    {
        using var body = await JsonRequest.ReadAsync(http.Request, MaxBodyBytes).ConfigureAwait(false);
        var fault = body.Problem ?? (body.Root.ValueKind == JsonValueKind.Object ? JsonRequest.Unknown(body.Root, "", "add", "remove") : null);
        var add = fault is null ? NamesOf(body.Root, "add", ref fault) : [];
        var remove = fault is null ? NamesOf(body.Root, "remove", ref fault) : [];
        if (fault is null && add.Count + remove.Count > MaxNames) fault = JsonRequest.Bad("add, remove", $"have more than {MaxNames} names together");
        await (fault is null ? Change(http, group, add, remove) : fault.WriteAsync(http)).ConfigureAwait(false);
    }

    List<MailboxName> NamesOf(JsonElement json, string field, ref Problem? problem)
    {
        var found = new List<MailboxName>();
        if (json.ValueKind != JsonValueKind.Object) problem = JsonRequest.Bad("the body", "must be a JSON object");
        else if (json.TryGetProperty(field, out var list)) problem = names.Read(list, field, found);
        return found;
    }

    async Task Change(HttpContext http, GroupName group, List<MailboxName> add, List<MailboxName> remove)
    {
        var result = await grid.ChangeMembersAsync(group, add, remove).ConfigureAwait(false);
        await (Problem.Of(result.Outcome) is { } problem
            ? problem.WriteAsync(http)
            : JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, (group, result), AnswerJson.WriteMembers)).ConfigureAwait(false);
    }
}
