using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>Tells whether a body is to be carried as JSON.</summary>
static class JsonBody
{
    const int MaxDepth = 1000;

    // A body stands in a message, in a letter, in a list: each is a level above it.
    const int Envelope = 3;

    /// <summary>For what carries bodies as JSON values: what a reader was told can be said again.</summary>
    public static readonly JsonDocumentOptions Carrier = new() { MaxDepth = MaxDepth + Envelope };

    public static bool IsJson(string contentType)
    {
        var end = contentType.IndexOf(';');
        var type = (end < 0 ? contentType.AsSpan() : contentType.AsSpan(0, end)).Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    public static bool IsValid(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read()) { }
            return reader.BytesConsumed == body.Length && reader.TokenType != JsonTokenType.None;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
