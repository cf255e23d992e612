using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace Mailbox.Gateway;

/// <summary>
/// The JSON form of a message (spec section 5). <c>data</c> is JSON where the content type is JSON's and the body is valid, a string
/// where the body is UTF-8, base64 otherwise.
/// </summary>
static class MessageJson
{
    /// <summary>Everything after <c>{"position":"P"</c>, which each receiver has for itself.</summary>
    public static byte[] Encode(Message message)
    {
        var buffer = new ArrayBufferWriter<byte>(message.Body.Length + 256);
        using var json = new Utf8JsonWriter(buffer, JsonAnswer.WriterOptions);
        json.WriteStartObject();
        json.WriteString("position"u8, ""u8);
        if (message.Type is not null) json.WriteString("type"u8, message.Type);
        json.WriteString("contentType"u8, message.ContentType);
        json.WriteString("at"u8, message.At.UtcDateTime);
        if (message.Group is { } group) json.WriteString("group"u8, group.ToString());
        if (message.Topic is not null) json.WriteString("topic"u8, message.Topic);
        if (message.Body.Span is var body && !Utf8.IsValid(body))
        {
            json.WriteString("encoding"u8, "base64"u8);
            json.WriteBase64String("data"u8, body);
        }
        else if (JsonBody.IsJson(message.ContentType) && JsonBody.IsValid(body)) WriteTokens(json, body);
        else json.WriteString("data"u8, body);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan["{\"position\":\"\""u8.Length..].ToArray();
    }

    // Inside valid JSON a raw line break can only be white space, so that the form stays on one line when each becomes a blank.
    static void WriteTokens(Utf8JsonWriter json, ReadOnlySpan<byte> body)
    {
        json.WritePropertyName("data"u8);
        if (!body.ContainsAny((byte)'\r', (byte)'\n'))
        {
            json.WriteRawValue(body, skipInputValidation: true);
            return;
        }
        var oneLine = body.ToArray();
        oneLine.AsSpan().Replace((byte)'\r', (byte)' ');
        oneLine.AsSpan().Replace((byte)'\n', (byte)' ');
        json.WriteRawValue(oneLine, skipInputValidation: true);
    }
}

/// <summary>Decides whether a body is carried as a JSON value.</summary>
static class JsonBody
{
    const int MaxDepth = 1000;

    // A message, a letter and a list around the body are a level each.
    const int Envelope = 3;

    /// <summary>For readers of JSON that carries bodies: deep enough that every body which was accepted can be sent back.</summary>
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
