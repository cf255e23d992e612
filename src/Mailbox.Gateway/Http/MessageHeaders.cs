using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The headers that describe a message, of a request or of a part of one (spec section 5 and 6).</summary>
static class MessageHeaders
{
    /// <param name="find">A header's values by its name.</param>
    /// <returns>The draft, or what is wrong with the headers.</returns>
    public static (MessageDraft? Draft, Problem? Problem) Read(Func<string, StringValues> find, ReadOnlyMemory<byte> body, string defaultContentType)
    {
        foreach (var field in s_fields)
            if (field.FaultOf(find(field.Name)) is { } fault) return (null, new(ProblemKinds.BadHeader, $"{field.Name}: {fault}."));
        return (new()
        {
            Body = body,
            ContentType = Text(find("Content-Type")) ?? defaultContentType,
            Type = Text(find("Message-Type")),
            Topic = Text(find("Topic")),
            TimeToLive = Seconds(find("TTL")),
            IdempotencyKey = Text(find("Idempotency-Key")),
            Durability = Parsed(find("Durability")),
            Idle = Seconds(find("Idle")),
        }, null);
    }

    static readonly HeaderField[] s_fields =
    [
        new("Content-Type", MessageDraft.IsContentType, "1 to 256 printable ASCII characters"),
        new("Message-Type", MessageDraft.IsType, "1 to 64 characters of A-Z a-z 0-9 . _ ~ : @ -, not beginning with 'mailbox.'"),
        new("Topic", MessageDraft.IsTopic, "1 to 32 characters of A-Z a-z 0-9 - _"),
        new("TTL", static text => IsSeconds(text, 0, MessageDraft.MaxTimeToLive), "0 to 2592000 seconds"),
        new("Idempotency-Key", MessageDraft.IsKey, "1 to 64 bytes"),
        new("Durability", static text => IsDurability(text), "'disk', 'process' or 'memory'"),
        new("Idle", static text => IsSeconds(text, 1, MessageDraft.MaxIdle), "1 to 2592000 seconds"),
    ];

    public static bool IsDurability(string text) => text is "disk" or "process" or "memory";

    public static bool IsSeconds(string text, int least, TimeSpan most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && seconds >= least && seconds <= most.TotalSeconds;

    public static Durability? DurabilityOf(string? text) => text switch
    {
        "disk" => Durability.Disk,
        "process" => Durability.Process,
        "memory" => Durability.Memory,
        _ => null,
    };

    static Durability? Parsed(StringValues values) => DurabilityOf(Text(values));

    static string? Text(StringValues values) => values.Count == 0 ? null : values[0];

    static TimeSpan? Seconds(StringValues values) =>
        Text(values) is { } text ? TimeSpan.FromSeconds(int.Parse(text, CultureInfo.InvariantCulture)) : null;

    sealed record HeaderField(string Name, Func<string, bool> IsValid, string Allowed)
    {
        public string? FaultOf(StringValues values) => values.Count switch
        {
            0 => null,
            1 => IsValid(values[0] ?? "") ? null : "must be " + Allowed,
            _ => "must be given once",
        };
    }
}
