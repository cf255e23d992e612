using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The fields that describe a message, in the headers of a request or of a part, or in JSON (spec sections 5 and 6).</summary>
static class MessageFields
{
    static readonly MessageField s_contentType = new("Content-Type", "contentType", MessageDraft.IsContentType, MessageDraft.ContentTypeRule);
    static readonly MessageField s_type = new("Message-Type", "type", MessageDraft.IsType, MessageDraft.TypeRule);
    static readonly MessageField s_topic = new("Topic", "topic", MessageDraft.IsTopic, MessageDraft.TopicRule);
    static readonly MessageField s_ttl = new("TTL", "ttl", static text => IsSeconds(text, 0, MessageDraft.MaxTimeToLive), "0 to 2592000 seconds");
    static readonly MessageField s_key = new("Idempotency-Key", "id", MessageDraft.IsKey, MessageDraft.KeyRule);
    static readonly MessageField s_durability =
        new("Durability", "durability", static text => DurabilityOf(text) is not null, "'disk', 'process' or 'memory'");
    static readonly MessageField s_idle = new("Idle", "idle", static text => IsSeconds(text, 1, MessageDraft.MaxIdle), "1 to 2592000 seconds");

    static readonly MessageField[] s_all = [s_contentType, s_type, s_topic, s_ttl, s_key, s_durability, s_idle];

    /// <param name="find">A field's values.</param>
    /// <param name="body">Kept, not copied.</param>
    /// <returns>The draft; or the field that is not valid, with its fault.</returns>
    public static (MessageDraft? Draft, (MessageField Field, string Text) Fault) Read(
        Func<MessageField, StringValues> find, ReadOnlyMemory<byte> body, string defaultContentType)
    {
        foreach (var field in s_all)
            if (field.FaultOf(find(field)) is { } fault) return (null, (field, fault));
        return (MessageDraft.OfChecked(
            body,
            Text(find(s_contentType)) ?? defaultContentType,
            Text(find(s_type)),
            Text(find(s_topic)),
            Text(find(s_key)),
            Seconds(find(s_ttl)),
            DurabilityOf(Text(find(s_durability))),
            Seconds(find(s_idle))), default);
    }

    /// <summary>The same from headers.</summary>
    public static (MessageDraft? Draft, Problem? Problem) ReadHeaders(
        Func<string, StringValues> find, ReadOnlyMemory<byte> body, string defaultContentType)
    {
        var (draft, fault) = Read(field => find(field.Header), body, defaultContentType);
        return (draft, draft is null ? new(ProblemKinds.BadHeader, $"{fault.Field.Header}: {fault.Text}.") : null);
    }

    static bool IsSeconds(string text, int least, TimeSpan most) =>
        WholeNumber.TryParse(text, out var seconds) && seconds >= least && seconds <= most.TotalSeconds;

    static Durability? DurabilityOf(string? text) => text switch
    {
        "disk" => Durability.Disk,
        "process" => Durability.Process,
        "memory" => Durability.Memory,
        _ => null,
    };

    static string? Text(StringValues values) => values.Count == 0 ? null : values[0];

    static TimeSpan? Seconds(StringValues values) =>
        Text(values) is { } text ? TimeSpan.FromSeconds(int.Parse(text, CultureInfo.InvariantCulture)) : null;
}

/// <summary>One field: a header, or a member of a JSON message.</summary>
sealed record MessageField(string Header, string Member, Func<string, bool> IsValid, string Allowed)
{
    public string? FaultOf(StringValues values) => values.Count switch
    {
        0 => null,
        1 => IsValid(values[0] ?? "") ? null : "must be " + Allowed,
        _ => "must be given once",
    };
}

/// <summary>Reads the one message that a request is: its headers and its body.</summary>
sealed class DraftReader(IOptions<GatewayOptions> options)
{
    readonly long _maxBody = options.Value.MaxBodyBytes;

    public async ValueTask<(MessageDraft? Draft, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        var (body, problem) = await BodyReader.ReadAsync(request, _maxBody).ConfigureAwait(false);
        if (body is null) return (null, problem);
        var headers = request.Headers;
        return MessageFields.ReadHeaders(name => Decoded(headers[name]), body, "application/octet-stream");
    }

    /// <summary>
    /// Decodes a header. The hosts read headers as Latin-1, which keeps all bytes (<see cref="BackendServices.AddGatewayServer"/>). Bytes
    /// that are UTF-8 are read as that, so that a key is the same in a header and in JSON.
    /// </summary>
    public static StringValues Decoded(StringValues values) => values is [{ } text] && !Ascii.IsValid(text) ? Decoded(text) : values;

    static string Decoded(string text)
    {
        if (text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff')) return text;
        var bytes = Encoding.Latin1.GetBytes(text);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : text;
    }
}
