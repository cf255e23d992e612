namespace Mailbox.Gateway.Tests;

/// <summary>How a transport is chosen (RFC 9110 section 12.5.1).</summary>
public sealed class AcceptTests
{
    [Theory]
    [InlineData("", Accepted.Json)]
    [InlineData("*/*", Accepted.Json)]
    [InlineData("application/json", Accepted.Json)]
    [InlineData("text/event-stream", Accepted.EventStream)]
    [InlineData("Text/Event-Stream; charset=utf-8", Accepted.EventStream)]
    [InlineData("text/event-stream, */*", Accepted.EventStream)]
    [InlineData("text/event-stream;q=0.5, application/json", Accepted.Json)]
    [InlineData("application/json;q=0.1, application/x-ndjson;q=0.2", Accepted.JsonLines)]
    [InlineData("application/x-ndjson, application/json", Accepted.JsonLines)]
    [InlineData("application/*", Accepted.Json)]
    [InlineData("multipart/*", Accepted.MultipartMixed)]
    [InlineData("multipart/x-mixed-replace", Accepted.MultipartReplace)]
    [InlineData("text/*", Accepted.EventStream)]
    [InlineData("*/*, application/json;q=0", Accepted.EventStream)]
    [InlineData("text/html", Accepted.None)]
    [InlineData("application/json;q=0", Accepted.None)]
    [InlineData("nonsense", Accepted.None)]
    public void The_best_quality_wins_then_the_most_specific_then_the_first(string accept, object accepted) =>
        Assert.Equal((Accepted)accepted, AcceptHeader.Choose(accept));

    [Fact]
    public void No_header_asks_for_JSON() => Assert.Equal(Accepted.Json, AcceptHeader.Choose(default));

    [Fact]
    public void Several_headers_are_one_list() => Assert.Equal(Accepted.EventStream, AcceptHeader.Choose((string[])["application/json;q=0.5", "text/event-stream"]));
}
