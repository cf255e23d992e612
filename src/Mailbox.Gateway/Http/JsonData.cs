using System.Text;
using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>The body of a message that is told in JSON, the mirror of how it is read: what is JSON by its type is the JSON value itself, a string is its text.</summary>
static class JsonData
{
    /// <param name="message">May have <c>contentType</c> and <c>encoding</c>.</param>
    /// <returns>The body, null where its encoding is not known, and what it is where nothing says so.</returns>
    /// <exception cref="InvalidOperationException">A member is of a wrong kind, or has text that is not Unicode.</exception>
    /// <exception cref="FormatException">The data is not base64.</exception>
    public static (byte[]? Body, string ContentType) Read(JsonElement message, JsonElement data)
    {
        if (message.TryGetProperty("encoding", out var encoding)) return (encoding.GetString() == "base64" ? data.GetBytesFromBase64() : null, "application/octet-stream");
        var contentType = message.TryGetProperty("contentType", out var type) ? type.GetString() : null;
        return (BodyOf(data, contentType), data.ValueKind == JsonValueKind.String ? "text/plain" : "application/json");
    }

    static byte[] BodyOf(JsonElement data, string? contentType) =>
        data.ValueKind == JsonValueKind.String && (contentType is null || !JsonBody.IsJson(contentType))
            ? Encoding.UTF8.GetBytes(data.GetString()!)
            : Encoding.UTF8.GetBytes(data.GetRawText());
}
