using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>The answer to a client's numbered messages to the backend.</summary>
/// <param name="Highest">The highest number accepted of the client; 0 for none.</param>
/// <param name="Refusal">Why a message was refused; null where all were accepted.</param>
readonly record struct UplinkReceipt(long Highest, Problem? Refusal)
{
    const int MaxDigits = 20;

    /// <summary><c>{"uplink":N}</c></summary>
    public static void Write(IBufferWriter<byte> writer, long highest)
    {
        writer.Write("{\"uplink\":"u8);
        WriteNumber(writer, highest);
        writer.Write("}"u8);
    }

    /// <summary><c>{"uplink":N,"refused":{"n":1,"problem":{…}}}</c></summary>
    public static void WriteRefused(IBufferWriter<byte> writer, UplinkReceipt receipt, long number)
    {
        using var json = new Utf8JsonWriter(writer, JsonAnswer.WriterOptions);
        json.WriteStartObject();
        json.WriteNumber("uplink"u8, receipt.Highest);
        json.WriteStartObject("refused"u8);
        json.WriteNumber("n"u8, number);
        json.WritePropertyName("problem"u8);
        receipt.Refusal!.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Answers a request with the refusal and the number accepted.</summary>
    public Task WriteRefusalAsync(HttpContext http) => Refusal!.WriteAsync(http, this, static (json, receipt) => json.WriteNumber("uplink"u8, receipt.Highest));

    public static void WriteNumber(IBufferWriter<byte> writer, long number)
    {
        Utf8Formatter.TryFormat(number, writer.GetSpan(MaxDigits), out var written);
        writer.Advance(written);
    }
}

/// <summary>A client's message to the backend as JSON: <c>{"n":1,"contentType"?,"encoding"?,"data"}</c>.</summary>
static class UplinkJson
{
    public static (UplinkDraft? Draft, Problem? Problem) Read(JsonElement json, string field)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, JsonRequest.Bad(field, "must be a JSON object"));
        if (JsonRequest.Unknown(json, field + ".", "n", "contentType", "encoding", "data") is { } problem) return (null, problem);
        if (!json.TryGetProperty("n", out var n) || n.ValueKind != JsonValueKind.Number || !n.TryGetInt64(out var number) || number < 1)
            return (null, JsonRequest.Bad(field + ".n", "must be a whole number from 1"));
        var (body, fallback, wrong) = JsonData.Read(json, field + ".");
        if (body is null) return (null, wrong);
        var contentType = JsonData.TextOf(json, field + ".", "contentType", out _) ?? fallback;
        return MessageDraft.IsContentType(contentType)
            ? (new() { Body = body, ContentType = contentType, Number = number }, null)
            : (null, JsonRequest.Bad(field + ".contentType", "must be 1 to 256 printable ASCII characters"));
    }
}

/// <summary>The refusals of a client's message to the backend, however it came.</summary>
static class UplinkRefusals
{
    const int RetrySeconds = 5;

    /// <summary>Nothing was recorded; whether the backend has the message is unknown.</summary>
    public static Problem Down { get; } =
        new(ProblemKinds.BackendDown, "The backend did not answer; nothing was recorded. Repeat it with the same Idempotency-Key.", RetrySeconds);

    static Problem NoBackend { get; } = new(ProblemKinds.NoBackend, "Nobody takes what clients say.");

    static Problem Busy { get; } = new(ProblemKinds.Overloaded, "Too much waits for those who take what clients say.", RetrySeconds);

    /// <returns>Null where the outcome is no refusal.</returns>
    public static Problem? Of(Outcome outcome) => outcome switch
    {
        Outcome.NotFound => NoBackend,
        Outcome.MailboxFull => Busy,
        _ => Problem.Of(outcome),
    };
}
