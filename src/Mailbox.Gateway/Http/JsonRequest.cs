using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>A request's JSON body, or why there is none.</summary>
readonly struct JsonRequest(JsonDocument? document, Problem? problem) : IDisposable
{
    public JsonElement Root => document!.RootElement;

    public Problem? Problem { get; } = problem;

    /// <summary>A body without a content type counts as JSON; one with another is 415.</summary>
    public static async ValueTask<JsonRequest> ReadAsync(HttpRequest request, long limit)
    {
        if (request.ContentType is { Length: > 0 } type && !JsonBody.IsJson(type))
            return new(null, new(ProblemKinds.UnsupportedMediaType, "Content-Type: must be application/json."));
        var (body, problem) = await BodyReader.ReadAsync(request, limit).ConfigureAwait(false);
        if (body is null) return new(null, problem);
        try
        {
            return new(JsonDocument.Parse(body, JsonBody.Carrier), null);
        }
        catch (JsonException fault)
        {
            return new(null, Bad("the body", $"is not JSON of at most 1,000 levels (line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1})"));
        }
    }

    public static Problem Bad(string field, string fault) => new(ProblemKinds.BadBody, $"{field}: {fault}.");

    /// <summary>
    /// Refuses a member that is not known or stands there twice: a misspelt member must not count as left out. At most 32 are known.
    /// </summary>
    public static Problem? Unknown(JsonElement json, string prefix, params ReadOnlySpan<string> known)
    {
        try
        {
            var seen = 0;
            foreach (var member in json.EnumerateObject())
            {
                var index = known.IndexOf(member.Name);
                if (index < 0) return Bad(prefix + member.Name, $"is not one of {string.Join(", ", known!)}");
                if ((seen & (1 << index)) != 0) return Bad(prefix + member.Name, "stands there twice");
                seen |= 1 << index;
            }
            return null;
        }
        catch (InvalidOperationException)
        {
            // Escapes may make half a surrogate pair, which is JSON all the same and only found when the text is read.
            return Bad("the body", "has text that is not Unicode");
        }
    }

    public void Dispose() => document?.Dispose();
}

/// <summary>
/// Reads the body of a message in JSON, the reverse of <see cref="MessageJson"/>: a JSON value where the content type is JSON's, else the
/// text of a string, or base64.
/// </summary>
static class JsonData
{
    /// <param name="message">Has <c>data</c>, and may have <c>contentType</c> and <c>encoding</c>; null counts as absent.</param>
    /// <param name="prefix">Stands before the members' names in a refusal.</param>
    /// <returns>The body, and the content type to use where none is given; or what is wrong.</returns>
    public static (byte[]? Body, string ContentType, Problem? Problem) Read(JsonElement message, string prefix)
    {
        if (!message.TryGetProperty("data", out var data)) return (null, "", JsonRequest.Bad(prefix + "data", "is missing"));
        var encoding = TextOf(message, prefix, "encoding", out var problem);
        var contentType = TextOf(message, prefix, "contentType", out var fault);
        if ((problem ?? fault) is not null) return (null, "", problem ?? fault);
        if (encoding is not null)
        {
            if (encoding != "base64") return (null, "", JsonRequest.Bad(prefix + "encoding", "must be 'base64', or be left out"));
            return data.ValueKind == JsonValueKind.String && data.TryGetBytesFromBase64(out var bytes)
                ? (bytes, "application/octet-stream", null)
                : (null, "", JsonRequest.Bad(prefix + "data", "must be a string of base64 (RFC 4648 section 4), as its encoding says"));
        }
        if (data.ValueKind != JsonValueKind.String) return (Encoding.UTF8.GetBytes(data.GetRawText()), "application/json", null);
        if (contentType is not null && JsonBody.IsJson(contentType)) return (Encoding.UTF8.GetBytes(data.GetRawText()), contentType, null);
        return TextOf(data) is { } text
            ? (Encoding.UTF8.GetBytes(text), "text/plain", null)
            : (null, "", JsonRequest.Bad(prefix + "data", "has half a surrogate pair, which is no text; give its bytes as base64"));
    }

    /// <returns>Null where there is none, or it is no text.</returns>
    public static string? TextOf(JsonElement message, string prefix, string member, out Problem? problem)
    {
        problem = null;
        if (!message.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        var text = TextOf(value);
        if (text is null) problem = JsonRequest.Bad(prefix + member, "must be a string of Unicode text");
        return text;
    }

    /// <returns>Null for anything but text; a string with half a surrogate pair is no text.</returns>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
