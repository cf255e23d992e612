using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>What a WebSocket's client says at once: one JSON object with one member (docs/protocol.md, "WebSocket"). To be disposed of.</summary>
readonly struct ClientFrame(JsonDocument? document, string? fault) : IDisposable
{
    /// <summary>What is wrong with it; null where nothing is.</summary>
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

    static string? FaultOf(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || root.EnumerateObject().Count() != 1) return "the frame: must be a JSON object with one member.";
        return JsonRequest.Unknown(root, "", "ack", "uplink", "ping")?.Detail;
    }

    public void Dispose() => document?.Dispose();
}
