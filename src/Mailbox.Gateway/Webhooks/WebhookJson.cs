using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mailbox.Gateway;

/// <summary>Webhooks as JSON: in requests, in the store, and in answers.</summary>
static class WebhookJson
{
    static string SecretFault { get; } = "must be 1 to 256 characters, of which 'whsec_' begins base64 of 24 to 64 bytes; or a list of one or two such secrets";

    /// <param name="known">The present webhook, whose secrets stay where none is given; null for a new one.</param>
    public static (Webhook? Webhook, Problem? Problem) Read(JsonElement json, string name, Webhook? known, DateTimeOffset now)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, JsonRequest.Bad("the body", "must be a JSON object"));
        if (JsonRequest.Unknown(json, "", "url", "events", "secret") is { } unknown) return (null, unknown);
        if (JsonData.TextOf(json, "", "url", out _) is not { Length: > 0 } url || !UplinkUrlAttribute.IsUrl(url))
            return (null, JsonRequest.Bad("url", "must be an absolute http or https URL without a user, of at most 2,048 characters"));
        if (EventsOf(json) is not { } events)
            return (null, JsonRequest.Bad("events", $"must be a list of {string.Join(", ", WebhookEvents.Lifecycle)}, {WebhookEvents.Uplink}; at least one"));
        return SecretsOf(json, known?.Secrets, now) is { } secrets ? (new(name, url, events, secrets), null) : (null, JsonRequest.Bad("secret", SecretFault));
    }

    // One secret rotates the former; a list replaces all.
    static WebhookSecrets? SecretsOf(JsonElement json, WebhookSecrets? known, DateTimeOffset now)
    {
        if (!json.TryGetProperty("secret", out var given) || given.ValueKind == JsonValueKind.Null) return known;
        var list = given.ValueKind == JsonValueKind.Array ? given.EnumerateArray().Select(JsonData.TextOf).ToList() : [JsonData.TextOf(given)];
        if (list.Count is < 1 or > 2 || !list.TrueForAll(static one => one is not null && WebhookSecrets.IsSecret(one))) return null;
        if (given.ValueKind == JsonValueKind.Array) return new(list[0]!, list.ElementAtOrDefault(1));
        return known?.Rotate(list[0]!, now) ?? new(list[0]!);
    }

    /// <summary>For the store only: contains the secret.</summary>
    public static byte[] ToStore(Webhook webhook) => JsonSerializer.SerializeToUtf8Bytes(
        new StoredWebhook(
            webhook.Name, webhook.Url, webhook.Events, webhook.Secrets.Secret, webhook.Secrets.Former, webhook.Secrets.FormerUntil, webhook.Ended),
        WebhookJsonContext.Default.StoredWebhook);

    public static byte[] ToForget(string name) =>
        JsonSerializer.SerializeToUtf8Bytes(new StoredWebhook(name, null, null, null), WebhookJsonContext.Default.StoredWebhook);

    /// <returns>The name alone where the webhook was removed; null where the message is no webhook.</returns>
    public static (string Name, Webhook? Webhook)? FromStore(Message message, Position version)
    {
        try
        {
            if (JsonSerializer.Deserialize(message.Body.Span, WebhookJsonContext.Default.StoredWebhook) is not { Name: { } name } stored || !Webhook.IsName(name)) return null;
            return stored is { Url: { } url, Events: { } events, Secret: { } secret }
                ? (name, new(name, url, events, new(secret, stored.FormerSecret, stored.FormerUntil), version, message.At, stored.Ended))
                : (name, null);
        }
        catch (JsonException)
        {
            // Something else was delivered to this mailbox.
            return null;
        }
    }

    /// <param name="state">The state of its calls; null where it is not shown.</param>
    public static void Write(Utf8JsonWriter json, Webhook webhook, WebhookState? state)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, webhook.Name);
        json.WriteString("url"u8, webhook.Url);
        json.WriteStartArray("events"u8);
        foreach (var one in webhook.Events) json.WriteStringValue(one);
        json.WriteEndArray();
        if (webhook.Ended is { } ended) json.WriteString("ended"u8, ended.UtcDateTime);
        if (state is not null)
        {
            json.WriteNumber("waiting"u8, state.Waiting);
            json.WriteNumber("refused"u8, state.Refused);
        }
        if (state?.LastRefused is { } refused)
        {
            json.WriteStartObject("lastRefused"u8);
            json.WriteString("id"u8, refused.Id);
            json.WriteString("type"u8, refused.Type);
            json.WriteString("mailbox"u8, refused.Mailbox);
            json.WriteNumber("status"u8, refused.Status);
            json.WriteString("at"u8, refused.At.UtcDateTime);
            json.WriteEndObject();
        }
        json.WriteEndObject();
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

/// <summary>A webhook in the store; without a URL it was removed. Those stored by older versions lack the members with a default.</summary>
sealed record StoredWebhook(
    string Name, string? Url, IReadOnlyList<string>? Events, string? Secret,
    string? FormerSecret = null, DateTimeOffset? FormerUntil = null, DateTimeOffset? Ended = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredWebhook))]
[JsonSerializable(typeof(RefusedCall))]
sealed partial class WebhookJsonContext : JsonSerializerContext;
