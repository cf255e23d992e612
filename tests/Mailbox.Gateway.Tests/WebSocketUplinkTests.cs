using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>What a WebSocket's client says to the backend: once for each number of a client (spec section 5).</summary>
public sealed class WebSocketUplinkTests
{
    [Fact]
    public async Task What_is_said_is_confirmed_by_its_number_and_taken_once()
    {
        await using var host = await GatewayHost.StartAsync();
        await Taker.JoinAsync(host);
        using (var client = await SocketClient.OpenAsync(host, "/mailboxes/a?client=c"))
        {
            await client.SayAsync("""{"uplink":{"n":1,"data":"one"}}""");
            Assert.Equal(1, (await client.NextAsync("uplink")).GetInt64());
            await client.SayAsync("""{"uplink":{"n":2,"data":[2],"contentType":"application/vnd.x+json"}}""");
            Assert.Equal(2, (await client.NextAsync("uplink")).GetInt64());
        }
        using var again = await SocketClient.OpenAsync(host, "/mailboxes/a?client=c");
        await again.SayAsync("""{"uplink":{"n":2,"data":[2]}}""");
        Assert.Equal(2, (await again.NextAsync("uplink")).GetInt64());
        Assert.Equal(
            [("c", 1, "text/plain", "one"), ("c", 2, "application/vnd.x+json", "[2]")],
            (await Taker.ReadAsync(host)).Select(letter => (letter.Client, (int)letter.Number!, letter.ContentType, Encoding.UTF8.GetString(letter.Body.Span))));
    }

    [Fact]
    public async Task Where_nobody_takes_it_the_client_is_told_and_stays()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a?client=c");
        await client.SayAsync("""{"uplink":{"n":1,"data":1}}""");
        var refused = await client.NextAsync("refused");
        Assert.Equal(1, refused.GetProperty("n").GetInt64());
        Assert.Equal("urn:mailbox:problem:no-backend", refused.GetProperty("problem").GetProperty("type").GetString());
        await client.SayAsync("""{"ping":1}""");
        await client.NextAsync("pong");
    }

    [Theory]
    [InlineData("?client=c", """{"uplink":1}""", "uplink: must be a JSON object")]
    [InlineData("?client=c", """{"uplink":{"n":1.5,"data":1}}""", "uplink.n: must be")]
    [InlineData("", """{"uplink":{"n":1,"data":1}}""", "uplink: needs an open with client=ID")]
    public async Task What_cannot_be_said_ends_the_connection(string query, string frame, string fault)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a" + query);
        await client.SayAsync(frame);
        Assert.Contains(fault, (await client.EndAsync()).Closed, StringComparison.Ordinal);
    }

    // docs/protocol.md, "WebSocket": one bad message to the backend is refused alone; the mailbox is read on.
    [Theory]
    [InlineData("""{"uplink":{"n":2}}""", "bad-body", "uplink.data: is missing")]
    [InlineData("""{"uplink":{"n":2,"data":1,"to":"x"}}""", "bad-body", "uplink.to: is not one of")]
    [InlineData("""{"uplink":{"n":2,"data":"cut \ud83d"}}""", "bad-body", "surrogate")]
    [InlineData("""{"uplink":{"n":2,"contentType":"a\u0007","data":1}}""", "bad-body", "uplink.contentType")]
    [InlineData("""{"uplink":{"contentType":"text/plain","n":2,"data":nonsense}}""", "bad-body", "is not JSON")]
    [InlineData("DEEP", "bad-body", "the frame:")]
    [InlineData("LONG", "too-large", "at most")]
    public async Task A_message_to_the_backend_that_cannot_be_taken_is_refused_alone(string frame, string problem, string fault)
    {
        await using var host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 3000 });
        await Taker.JoinAsync(host);
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a?client=c");
        await client.SayAsync("""{"uplink":{"n":1,"data":"first"}}""");
        await client.NextAsync("uplink");
        var depth = frame == "DEEP" ? 3000 : 0;
        if (depth > 0) frame = $$$"""{"uplink":{"n":2,"data":{{{new string('[', depth)}}}{{{new string(']', depth)}}}}}""";
        if (frame == "LONG") frame = $$$"""{"uplink":{"n":2,"data":"{{{new string('x', 200_000)}}}"}}""";
        await client.SayAsync(frame);
        var refused = await client.NextAsync("refused");
        Assert.Equal(2, refused.GetProperty("n").GetInt64());
        Assert.Equal("urn:mailbox:problem:" + problem, refused.GetProperty("problem").GetProperty("type").GetString());
        Assert.Contains(fault, refused.GetProperty("problem").GetProperty("detail").GetString(), StringComparison.Ordinal);
        await client.SayAsync("""{"uplink":{"n":3,"data":"third"}}""");
        Assert.Equal(3, (await client.NextAsync("uplink")).GetInt64());
        Assert.Equal([1L, 3L], (await Taker.ReadAsync(host)).Select(one => one.Number!.Value));
        (await host.DeliverAsync("a", "read on", ("Content-Type", "text/plain"))).Dispose();
        Assert.Equal("read on", (await client.NextAsync("data")).GetString());
    }
}
