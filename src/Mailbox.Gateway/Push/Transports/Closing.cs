using System.Buffers;
using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>The last frame of a held connection: why it ends, and whether the client comes back (docs/protocol.md, "Endings").</summary>
/// <param name="AfterSeconds">Seconds to wait before reconnecting.</param>
/// <param name="Code">A WebSocket's close code (RFC 6455 section 7.4).</param>
sealed record Closing(Ending Ending, string Reason, bool Reconnect, int AfterSeconds, int Code)
{
    const int SoonSeconds = 1;
    const int LaterSeconds = 5;

    /// <summary>All endings.</summary>
    static readonly Closing[] s_all =
    [
        new(Ending.Draining, "draining", true, SoonSeconds, 1001),
        new(Ending.TakenOver, "taken-over", false, 0, 4001),
        new(Ending.Replaced, "replaced", false, 0, 4002),
        new(Ending.Deleted, "deleted", false, 0, 4003),
        new(Ending.Moved, "moved", true, 0, 1012),
        new(Ending.Slow, "slow", true, SoonSeconds, 4004),
        new(Ending.Unavailable, "unavailable", true, LaterSeconds, 1013),
        new(Ending.Silent, "silent", true, SoonSeconds, 4005),
        new(Ending.BadFrame, "bad-frame", false, 0, 1007),
        new(Ending.BadProtocol, "bad-protocol", false, 0, 1002),
        new(Ending.TooLarge, "too-large", false, 0, 1009),
    ];

    static readonly Closing s_unknown = Array.Find(s_all, static closing => closing.Ending == Ending.Unavailable)!;

    public static Closing Of(Ending ending) => Array.Find(s_all, closing => closing.Ending == ending) ?? s_unknown;

    /// <summary>The same with a detail, for the client's programmer.</summary>
    public Closing Because(string detail) => this with { Json = Encode(Reason, Reconnect, AfterSeconds, detail) };

    /// <summary>The JSON object that every transport carries.</summary>
    public byte[] Json { get; private init; } = Encode(Reason, Reconnect, AfterSeconds, null);

    static byte[] Encode(string reason, bool reconnect, int after, string? detail)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, JsonAnswer.WriterOptions);
        json.WriteStartObject();
        json.WriteString("reason"u8, reason);
        json.WriteBoolean("reconnect"u8, reconnect);
        json.WriteNumber("after"u8, after);
        if (detail is not null) json.WriteString("detail"u8, detail);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
