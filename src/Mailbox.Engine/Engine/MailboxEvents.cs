using System.Text.Json;

namespace Mailbox.Engine;

/// <summary>
/// Events as letters (spec M16): a subscriber is a mailbox that is a member of a group, so what waits for it is bounded, in order and
/// stored, and goes away with it. Without subscribers nothing is stored.
/// </summary>
public static class MailboxEvents
{
    const string Prefix = "mailbox.events:";

    /// <summary>Whose members are told.</summary>
    public static GroupName Group { get; } = GroupName.Parse("mailbox.events");

    /// <summary>The mailbox of a subscriber.</summary>
    /// <exception cref="ArgumentException">The name has characters that no mailbox may have, or more than 113 of them.</exception>
    public static MailboxName SubscriberNamed(string name) => MailboxName.Parse(Prefix + name);

    /// <summary>The events in the body of a letter that a subscriber got, in order.</summary>
    /// <exception cref="JsonException">It is no such letter.</exception>
    public static IReadOnlyList<MailboxEvent> Read(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        return [.. document.RootElement.EnumerateArray().Select(ReadOne)];
    }

    /// <summary>What happens to the grid's own mailboxes is not told: those who are told are among them, so it would never end.</summary>
    internal static bool IsTold(in MailboxEvent happened) => !happened.Mailbox.IsReserved;

    internal static MessageDraft Write(IEnumerable<MailboxEvent> events)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartArray();
            foreach (var happened in events) Write(json, happened);
            json.WriteEndArray();
        }
        return new() { ContentType = "application/json", Type = "events", Body = body.ToArray() };
    }

    static void Write(Utf8JsonWriter json, in MailboxEvent happened)
    {
        json.WriteStartObject();
        json.WriteString("mailbox", happened.Mailbox.ToString());
        json.WriteString("event", NameOf(happened.Kind));
        json.WriteString("at", happened.At);
        json.WriteEndObject();
    }

    static MailboxEvent ReadOne(JsonElement json) => new(
        MailboxName.Parse(json.GetProperty("mailbox").GetString()!), KindOf(json.GetProperty("event").GetString()!),
        json.GetProperty("at").GetDateTimeOffset());

    /// <summary>As it stands in a letter.</summary>
    public static string NameOf(MailboxEventKind kind) => kind switch
    {
        MailboxEventKind.Opened => "opened",
        MailboxEventKind.Connected => "connected",
        MailboxEventKind.Disconnected => "disconnected",
        MailboxEventKind.Overflowed => "overflowed",
        MailboxEventKind.Expired => "expired",
        _ => "deleted",
    };

    static MailboxEventKind KindOf(string name) =>
        Enum.TryParse<MailboxEventKind>(name, ignoreCase: true, out var kind) ? kind : throw new JsonException($"'{name}' is no event.");
}
