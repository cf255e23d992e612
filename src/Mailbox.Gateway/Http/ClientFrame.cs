using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>What a WebSocket's client says at once: one JSON object with one member (docs/protocol.md, "WebSocket"). To be disposed of.</summary>
readonly struct ClientFrame(JsonDocument? document, string? fault) : IDisposable
{
    /// <summary>
    /// What is wrong with it; null where nothing is. It ends the connection, unless <see cref="UplinkNumberOf"/> tells which message it is about.
    /// </summary>
    public string? Fault { get; } = fault;

    public JsonProperty Member => document!.RootElement.EnumerateObject().First();

    public static ClientFrame Read(ReadOnlyMemory<byte> text)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(text, JsonBody.Carrier);
        }
        catch (JsonException)
        {
            return new(null, "the frame: is not JSON of at most 1,000 levels.");
        }
        return new(json, FaultOf(json.RootElement));
    }

    /// <summary>
    /// The number of the message to the backend that a frame carries, as far as its text is JSON and is there: <c>{"uplink":{"n":3,</c> is enough.
    /// </summary>
    public static long? UplinkNumberOf(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text, isFinalBlock: false, new(new() { MaxDepth = int.MaxValue }));
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject || !json.Read() || !json.ValueTextEquals("uplink"u8)) return null;
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isNumber = json.ValueTextEquals("n"u8);
                if (!json.Read()) return null;
                if (isNumber) return json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) && number > 0 ? number : null;
                if (!json.TrySkip()) return null;
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // What comes before the number is not JSON, or a name is not Unicode.
        }
        return null;
    }

    static string? FaultOf(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || root.EnumerateObject().Count() != 1) return "the frame: must be a JSON object with one member.";
        return JsonRequest.Unknown(root, "", "ack", "uplink", "ping")?.Detail;
    }

    public void Dispose() => document?.Dispose();
}
