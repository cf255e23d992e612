using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>A letter as JSON: <c>{"to":[…],"groups":[…],"except":[…],"message":{…}}</c>.</summary>
static class LetterJson
{
    public static (PostRequest? Post, Problem? Problem) Read(JsonElement json, CallerNames names, int maxBodyBytes)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, JsonRequest.Bad("the letter", "must be a JSON object"));
        var (to, groups, except) = (new List<MailboxName>(), new List<GroupName>(), new List<MailboxName>());
        var problem = JsonRequest.Unknown(json, "", "to", "groups", "except", "message");
        problem ??= json.TryGetProperty("to", out var list) ? names.Read(list, "to", to) : null;
        problem ??= json.TryGetProperty("groups", out list) ? names.Read(list, "groups", groups) : null;
        problem ??= json.TryGetProperty("except", out list) ? names.Read(list, "except", except) : null;
        if (problem is null && to.Count + groups.Count == 0) problem = JsonRequest.Bad("to, groups", "must name at least one target");
        if (problem is not null) return (null, problem);
        var (draft, fault) = ReadMessage(json, maxBodyBytes);
        return draft is null ? (null, fault) : (new(draft, to, groups, except), null);
    }

    static (MessageDraft? Draft, Problem? Problem) ReadMessage(JsonElement json, int maxBodyBytes)
    {
        if (!json.TryGetProperty("message", out var message) || message.ValueKind != JsonValueKind.Object)
            return (null, JsonRequest.Bad("message", "must be a JSON object"));
        if (JsonRequest.Unknown(message, "message.", "contentType", "data", "encoding", "type", "ttl", "topic", "id", "durability", "idle") is { } problem)
            return (null, problem);
        var (body, fallback, wrong) = JsonData.Read(message, "message.");
        if (body is null) return (null, wrong);
        if (body.Length > maxBodyBytes) return (null, Problem.TooLarge(maxBodyBytes));
        var (draft, fault) = MessageFields.Read(field => TextOf(message, field.Member), body, fallback);
        return (draft, draft is null ? JsonRequest.Bad("message." + fault.Field.Member, fault.Text) : null);
    }

    // The empty string is valid for no field: so what is neither text nor a number is refused with what is allowed.
    static StringValues TextOf(JsonElement message, string member)
    {
        if (!message.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null) return default;
        if (value.ValueKind == JsonValueKind.Number) return value.GetRawText();
        return JsonData.TextOf(value) ?? "";
    }
}
