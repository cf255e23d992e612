using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The query and the headers of an open (spec section 5).</summary>
sealed record OpenQuery(Accepted Accepted, OpenRequest Request, TimeSpan Wait)
{
    const int DefaultLimit = 100;
    const int MaxLimit = 1000;
    const int PollWindowBytes = 256 << 10;

    /// <returns>The query, or what is wrong with it.</returns>
    public static (OpenQuery? Query, Problem? Problem) Read(HttpRequest request, GatewayOptions options)
    {
        var accepted = WebSocketHandshake.IsAsked(request) ? Accepted.WebSocket : AcceptHeader.Choose(request.Headers.Accept);
        if (accepted == Accepted.None)
            return (null, new(
                ProblemKinds.NotAcceptable,
                "Accept: offered are application/json, text/event-stream, application/x-ndjson, multipart/mixed and multipart/x-mixed-replace."));
        var fields = QueryFields.Of(request);
        var after = PositionOf(request, fields);
        var limit = fields.Integer("limit", DefaultLimit, 1, MaxLimit);
        var seconds = fields.Integer("wait", PreferHeader.Wait(request.Headers["Prefer"]) ?? -1, 0, int.MaxValue);
        var wait = seconds < 0 ? options.Wait : TimeSpan.FromSeconds(seconds);
        if (wait > options.MaxWait) wait = options.MaxWait;
        var isPoll = accepted == Accepted.Json;
        var open = new OpenRequest
        {
            After = after,
            From = fields.Choice("from", StartFrom.Unread, ("unread", StartFrom.Unread), ("oldest", StartFrom.Oldest), ("now", StartFrom.Now)),
            Conflict = fields.Choice(
                "conflict", ConflictPolicy.Share,
                ("share", ConflictPolicy.Share), ("takeover", ConflictPolicy.Takeover), ("reject", ConflictPolicy.Reject)),
            Client = fields.Text("client", OpenRequest.IsClient, "1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -"),
            Returning = request.Headers.ContainsKey("Last-Event-ID"),
            AcknowledgesByLiving = !isPoll,
            Idle = fields.Seconds("idle", 1, MessageDraft.MaxIdle),
        };
        if (isPoll) open = ForAnswers(open, limit);
        return fields.Problem is { } problem ? (null, problem) : (new(accepted, open, wait), null);
    }

    /// <summary>For opens that are answered once, rather than by a stream.</summary>
    public static OpenRequest ForAnswers(OpenRequest open, int limit = DefaultLimit) =>
        open with { WindowMessages = limit, WindowBytes = PollWindowBytes, GapsFirst = true };

    // Last-Event-ID beats after. An EventSource without an id sends an empty one.
    static Position? PositionOf(HttpRequest request, QueryFields fields)
    {
        var id = request.Headers["Last-Event-ID"].ToString();
        var field = id.Length > 0 ? "Last-Event-ID" : "after";
        var text = id.Length > 0 ? id : fields.Text("after");
        if (text is null) return null;
        if (Position.TryParse(text, out var position)) return position;
        fields.Refuse(Problem.BadPosition(field));
        return null;
    }
}

/// <summary>The header <c>Prefer</c> (RFC 7240). A preference that cannot be read is ignored, and of several alike the first counts.</summary>
static class PreferHeader
{
    /// <summary>The preference <c>wait</c> in seconds; null for none.</summary>
    public static int? Wait(StringValues lines)
    {
        foreach (var line in lines)
            for (ReadOnlySpan<char> rest = line; rest.Length > 0;)
                if (WaitOf(Next(ref rest, ',')) is { } seconds) return seconds;
        return null;
    }

    static int? WaitOf(ReadOnlySpan<char> preference)
    {
        var word = Next(ref preference, ';');
        var name = Next(ref word, '=');
        if (!name.Trim().Equals("wait", StringComparison.OrdinalIgnoreCase)) return null;
        return WholeNumber.TryParse(Unquoted(word.Trim()), out var seconds) && seconds <= int.MaxValue ? (int)seconds : null;
    }

    static ReadOnlySpan<char> Unquoted(ReadOnlySpan<char> word) => word is ['"', .. var inner, '"'] ? inner : word;

    /// <summary>Takes the text before the separator, which does not count inside a quoted string.</summary>
    static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest, char separator)
    {
        var (end, isQuoted) = (0, false);
        for (; end < rest.Length && (isQuoted || rest[end] != separator); end++)
            if (rest[end] == '"') isQuoted = !isQuoted;
            else if (isQuoted && rest[end] == '\\') end++;
        end = Math.Min(end, rest.Length);
        var next = rest[..end];
        rest = end < rest.Length ? rest[(end + 1)..] : default;
        return next;
    }
}
