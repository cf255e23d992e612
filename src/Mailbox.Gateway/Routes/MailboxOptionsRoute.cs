using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

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
