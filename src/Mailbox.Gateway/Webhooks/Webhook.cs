using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Mailbox.Engine;

namespace Mailbox.Gateway;

/// <summary>An endpoint of a backend, and the events that it is called for.</summary>
/// <param name="Secrets">Sign the calls. No answer contains them.</param>
/// <param name="Version">Its position in the store: each change has another.</param>
/// <param name="At">When it was stored.</param>
/// <param name="Ended">When its endpoint answered 410: since then it is not called, and nothing waits for it.</param>
sealed record Webhook(
    string Name, string Url, IReadOnlyList<string> Events, WebhookSecrets Secrets, Position Version = default, DateTimeOffset At = default, DateTimeOffset? Ended = null)
{
    const int MaxNameLength = 64;

    /// <summary>The mailbox of the events that wait for it.</summary>
    public MailboxName Mailbox => MailboxOf(Name);

    public bool Wants(string name) => Events.Contains(name);

    /// <summary>The groups that its mailbox is a member of.</summary>
    public IEnumerable<GroupName> Groups
    {
        get
        {
            if (Events.Any(WebhookEvents.Lifecycle.Contains)) yield return MailboxEvents.Group;
            if (Wants(WebhookEvents.Uplink)) yield return MailboxUplinks.Group;
        }
    }

    public static bool IsName(string text) => text.Length <= MaxNameLength && MailboxName.TryParse(text, out _);

    // Events about a subscriber's own mailbox are not published: each would cause the next.
    public static MailboxName MailboxOf(string name) => MailboxEvents.SubscriberNamed("webhook:" + name);

    /// <summary>The mailbox of the calls that the endpoint refused for good.</summary>
    public MailboxName Refused => RefusedOf(Name);

    public static MailboxName RefusedOf(string name) => MailboxName.Parse("mailbox.refused:" + name);

    public override string ToString() => $"Webhook {Name}";
}

/// <summary>The events that a webhook can be called for.</summary>
static class WebhookEvents
{
    public const string Uplink = "uplink";

    /// <summary>Of the lifecycle of mailboxes (spec M16).</summary>
    public static IReadOnlyList<string> Lifecycle { get; } = [.. Enum.GetValues<MailboxEventKind>().Select(MailboxEvents.NameOf)];
}

/// <summary>One event, as a webhook is called for it.</summary>
/// <param name="Id">The same in every attempt.</param>
/// <param name="Expires">Not delivered after this time.</param>
/// <param name="Uplink">Null for events of the lifecycle.</param>
sealed record WebhookEvent(string Id, string Name, MailboxName Mailbox, DateTimeOffset At, DateTimeOffset Expires, UplinkLetter? Uplink = null)
{
    /// <summary>The events in one message.</summary>
    public static IEnumerable<WebhookEvent> In(Received received)
    {
        if (received.Message is not { } letter) return [];
        try
        {
            if (letter.Type == MailboxUplinks.Type)
            {
                var uplink = UplinkLetter.Read(letter);
                return [new(uplink.Id, WebhookEvents.Uplink, uplink.Mailbox, letter.At, letter.Expires, uplink)];
            }
            // The signed text is divided by full stops, so an id has none (Standard Webhooks, "Signature scheme").
            var id = received.Position.ToString().Replace('.', '-');
            return [.. MailboxEvents.Read(letter.Body).Select((happened, i) => new WebhookEvent(
                $"{id}-{i}", MailboxEvents.NameOf(happened.Kind), happened.Mailbox, happened.At, letter.Expires))];
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // A backend delivered something else to this mailbox.
            return [];
        }
    }

    /// <summary>The body of the call: <c>{"type","timestamp","data"}</c>, the same in every attempt.</summary>
    public ReadOnlyMemory<byte> ToBody()
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body, JsonAnswer.WriterOptions);
        json.WriteStartObject();
        json.WriteString("type"u8, Name);
        json.WriteString("timestamp"u8, At.UtcDateTime);
        json.WriteStartObject("data"u8);
        json.WriteString("mailbox"u8, Mailbox.ToString());
        if (Uplink is { } uplink)
        {
            json.WriteString("uplink"u8, uplink.Id);
            if (uplink.Client is not null) json.WriteString("client"u8, uplink.Client);
            if (uplink.Number is { } number) json.WriteNumber("n"u8, number);
            json.WriteString("contentType"u8, uplink.ContentType);
            // The exact bytes, also of JSON.
            if (Utf8.IsValid(uplink.Body.Span)) json.WriteString("data"u8, uplink.Body.Span);
            else
            {
                json.WriteString("encoding"u8, "base64"u8);
                json.WriteBase64String("data"u8, uplink.Body.Span);
            }
        }
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }
}
