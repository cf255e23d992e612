using System.Text.Json;

namespace Mailbox.Engine;

/// <summary>A client's message to the backend as a taker of uplinks gets it: a line of JSON that says whose it is, and then its body.</summary>
/// <param name="Id">The same however often it is forwarded.</param>
/// <param name="Client">Who counted, where <paramref name="Number"/> says so.</param>
public sealed record UplinkLetter(
    string Id, MailboxName Mailbox, string? Client, long? Number, string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <exception cref="JsonException">It is no such letter.</exception>
    public static UplinkLetter Read(Message message)
    {
        var end = message.Body.Span.IndexOf((byte)'\n');
        if (message.Type != MailboxUplinks.Type || end < 0) throw new JsonException("It is no letter of a client.");
        using var head = JsonDocument.Parse(message.Body[..end]);
        return Read(head.RootElement, message.Body[(end + 1)..]);
    }

    static UplinkLetter Read(JsonElement head, ReadOnlyMemory<byte> body) => new(
        head.GetProperty("uplink").GetString()!, MailboxName.Parse(head.GetProperty("mailbox").GetString()!),
        head.TryGetProperty("client", out var client) ? client.GetString() : null,
        head.TryGetProperty("n", out var number) ? number.GetInt64() : null,
        head.GetProperty("contentType").GetString()!, body);

    /// <summary>The same for the same letter: repeated with a key it is the same message.</summary>
    internal MessageDraft Write()
    {
        using var written = new MemoryStream();
        using (var json = new Utf8JsonWriter(written)) WriteHead(json);
        written.WriteByte((byte)'\n');
        written.Write(Body.Span);
        return new()
        {
            ContentType = MailboxUplinks.ContentType,
            Type = MailboxUplinks.Type,
            Body = written.ToArray(),
            Durability = Durability.Disk,
            // Accepted is accepted: a backend that is away for long gets it all the same.
            TimeToLive = MessageDraft.MaxTimeToLive,
        };
    }

    void WriteHead(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("uplink", Id);
        json.WriteString("mailbox", Mailbox.ToString());
        if (Client is not null) json.WriteString("client", Client);
        if (Number is { } number) json.WriteNumber("n", number);
        json.WriteString("contentType", ContentType);
        json.WriteEndObject();
    }
}
