using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>What a client is told of its numbered messages to the backend.</summary>
/// <param name="Highest">The highest number that was ever accepted of the client; 0 for none.</param>
/// <param name="Refusal">Why one was not; null where all were.</param>
readonly record struct UplinkReceipt(long Highest, Problem? Refusal)
{
    const int MaxDigits = 20;

    /// <summary>As a member of a JSON object, after others.</summary>
    public static void WriteMember(IBufferWriter<byte> writer, long highest)
    {
        writer.Write(",\"uplink\":"u8);
        WriteNumber(writer, highest);
    }

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

    /// <summary>The refusal as the answer to a request, with what was accepted.</summary>
    public Task WriteRefusalAsync(HttpContext http) => Refusal!.WriteAsync(http, this, static (json, receipt) => json.WriteNumber("uplink"u8, receipt.Highest));

    static void WriteNumber(IBufferWriter<byte> writer, long number)
    {
        Utf8Formatter.TryFormat(number, writer.GetSpan(MaxDigits), out var written);
        writer.Advance(written);
    }
}
