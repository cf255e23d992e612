using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>A client's message to the backend as JSON: <c>{"n":1,"contentType"?,"encoding"?,"data"}</c>.</summary>
static class UplinkJson
{
    public static (UplinkDraft? Draft, Problem? Problem) Read(JsonElement json, string field)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, JsonRequest.Bad(field, "must be a JSON object"));
        if (JsonRequest.Unknown(json, field + ".", "n", "contentType", "encoding", "data") is { } problem) return (null, problem);
        if (!json.TryGetProperty("n", out var n) || n.ValueKind != JsonValueKind.Number || !n.TryGetInt64(out var number) || number < 1)
            return (null, JsonRequest.Bad(field + ".n", "must be a whole number from 1"));
        var (body, fallback, wrong) = JsonData.Read(json, field + ".");
        if (body is null) return (null, wrong);
        var contentType = JsonData.TextOf(json, field + ".", "contentType", out _) ?? fallback;
        return MessageDraft.IsContentType(contentType)
            ? (new() { Body = body, ContentType = contentType, Number = number }, null)
            : (null, JsonRequest.Bad(field + ".contentType", "must be 1 to 256 printable ASCII characters"));
    }
}
