using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>What <c>data</c> is (spec section 5).</summary>
public sealed class MessageJsonTests
{
    [Theory]
    [InlineData("application/json", "{\"a\":1e400,\"a\":\"\\ud800\"}", "{\"a\":1e400,\"a\":\"\\ud800\"}")]
    [InlineData("Application/JSON; charset=utf-8", " [1] ", " [1] ")]
    [InlineData("application/ld+json", "true", "true")]
    [InlineData("application/json", "{\r\n}", "{  }")]
    [InlineData("application/json", "{bad", "\"{bad\"")]
    [InlineData("application/json", "1 2", "\"1 2\"")]
    [InlineData("application/json", "", "\"\"")]
    [InlineData("application/json", "{} x", "\"{} x\"")]
    [InlineData("text/plain", "{}", "\"{}\"")]
    [InlineData("text/plain", "\u017elu\"\n", "\"\u017elu\\\"\\n\"")]
    public void Data_is_JSON_by_type_and_validity_and_otherwise_text(string contentType, string body, string data) =>
        Assert.EndsWith($",\"data\":{data}}}", Encode(contentType, Encoding.UTF8.GetBytes(body)), StringComparison.Ordinal);

    [Fact]
    public void What_is_no_text_is_base64() =>
        Assert.EndsWith(",\"encoding\":\"base64\",\"data\":\"/w==\"}", Encode("application/json", [0xff]), StringComparison.Ordinal);

    [Fact]
    public void JSON_that_is_nested_deeper_than_any_reader_takes_is_text() =>
        Assert.EndsWith("]\"}", Encode("application/json", Encoding.UTF8.GetBytes(new string('[', 2000) + new string(']', 2000))), StringComparison.Ordinal);

    [Fact]
    public void Group_topic_and_type_are_told_where_there_are_any()
    {
        var message = new Message
        {
            ContentType = "text/plain",
            Body = "x"u8.ToArray(),
            Type = "t",
            Topic = "o",
            Group = GroupName.Parse("g/h"),
            At = DateTimeOffset.UnixEpoch,
            Expires = DateTimeOffset.MaxValue,
        };
        Assert.Equal(
            ",\"type\":\"t\",\"contentType\":\"text/plain\",\"at\":\"1970-01-01T00:00:00Z\",\"group\":\"g/h\",\"topic\":\"o\",\"data\":\"x\"}",
            Encoding.UTF8.GetString(MessageJson.Encode(message)));
    }

    [Fact]
    public void Receivers_share_one_encoding_for_each_transport()
    {
        var message = ScriptedReader.Letter(1, "x").Message!;
        Assert.Same(EncodedForms.Of(message).Sse(message), EncodedForms.Of(message).Sse(message));
        Assert.Same(EncodedForms.Of(message).Json(message), EncodedForms.Of(message).Json(message));
    }

    static string Encode(string contentType, byte[] body) =>
        Encoding.UTF8.GetString(MessageJson.Encode(ScriptedReader.Letter(1, body, contentType).Message!));
}
