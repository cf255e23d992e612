using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>A request's JSON body, or why there is none. To be disposed of after use.</summary>
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
    /// The refusal of a member that is not one of these, at most 32, or that stands there twice; a name that is spelt wrong must not count
    /// for one that is left out.
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
            return NotUnicode;
        }
    }

    /// <summary>Escapes may make half a surrogate pair: it is JSON all the same, and only told when the text is looked at.</summary>
    public static Problem NotUnicode { get; } = Bad("the body", "has text that is not Unicode");

    public void Dispose() => document?.Dispose();
}
