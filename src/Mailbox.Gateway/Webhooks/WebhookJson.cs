using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>Webhooks as JSON: as they are asked for, stored and told.</summary>
static class WebhookJson
{
    const int MaxSecretLength = 256;

    /// <param name="known">What is changed, which keeps its secret where none is given; null where it is new.</param>
    public static (Webhook? Webhook, Problem? Problem) Read(JsonElement json, string name, Webhook? known)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, JsonRequest.Bad("the body", "must be a JSON object"));
        if (JsonRequest.Unknown(json, "", "url", "events", "secret") is { } unknown) return (null, unknown);
        if (TextOf(json, "url") is not { Length: > 0 } url || !UplinkUrlAttribute.IsUrl(url))
            return (null, JsonRequest.Bad("url", "must be an absolute http or https URL without a user, of at most 2,048 characters"));
        if (EventsOf(json) is not { } events)
            return (null, JsonRequest.Bad("events", $"must be a list of {string.Join(", ", WebhookEvents.Lifecycle)}, {WebhookEvents.Uplink}; at least one"));
        var secret = TextOf(json, "secret") ?? known?.Secret;
        return secret is { Length: > 0 and <= MaxSecretLength }
            ? (new(name, url, events, secret), null)
            : (null, JsonRequest.Bad("secret", "must be 1 to 256 characters"));
    }

    /// <summary>With its secret: for the store alone.</summary>
    public static byte[] ToStore(Webhook webhook) => JsonSerializer.SerializeToUtf8Bytes(
        new StoredWebhook(webhook.Name, webhook.Url, webhook.Events, webhook.Secret), WebhookJsonContext.Default.StoredWebhook);

    public static byte[] ToForget(string name) =>
        JsonSerializer.SerializeToUtf8Bytes(new StoredWebhook(name, null, null, null), WebhookJsonContext.Default.StoredWebhook);

    /// <returns>The name alone where the webhook was removed; null where it is none.</returns>
    public static (string Name, Webhook? Webhook)? FromStore(Message message, Position version)
    {
        try
        {
            if (JsonSerializer.Deserialize(message.Body.Span, WebhookJsonContext.Default.StoredWebhook) is not { Name: { } name } stored || !Webhook.IsName(name)) return null;
            return stored is { Url: { } url, Events: { } events, Secret: { } secret } ? (name, new(name, url, events, secret, version, message.At)) : (name, null);
        }
        catch (JsonException)
        {
            // Somebody delivered something else there.
            return null;
        }
    }

    /// <param name="waiting">Letters that were not yet told; null where it is not known.</param>
    public static void Write(Utf8JsonWriter json, Webhook webhook, int? waiting)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, webhook.Name);
        json.WriteString("url"u8, webhook.Url);
        json.WriteStartArray("events"u8);
        foreach (var one in webhook.Events) json.WriteStringValue(one);
        json.WriteEndArray();
        if (waiting is { } count) json.WriteNumber("waiting"u8, count);
        json.WriteEndObject();
    }

    static string? TextOf(JsonElement json, string name)
    {
        try
        {
            if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
            return value.ValueKind == JsonValueKind.String ? value.GetString() : "";
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return "";
        }
    }

    static List<string>? EventsOf(JsonElement json)
    {
        if (!json.TryGetProperty("events", out var list) || list.ValueKind != JsonValueKind.Array) return null;
        var events = new List<string>();
        foreach (var item in list.EnumerateArray())
        {
            var known = item.ValueKind == JsonValueKind.String ? WebhookEvents.Lifecycle.Append(WebhookEvents.Uplink).FirstOrDefault(item.ValueEquals) : null;
            if (known is null) return null;
            if (!events.Contains(known)) events.Add(known);
        }
        return events.Count > 0 ? events : null;
    }
}
