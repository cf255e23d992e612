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
    [InlineData("?client=c", """{"uplink":{"n":1}}""", "uplink.data: is missing")]
    [InlineData("?client=c", """{"uplink":{"n":1.5,"data":1}}""", "uplink.n: must be")]
    [InlineData("?client=c", """{"uplink":{"n":1,"data":1,"to":"x"}}""", "uplink.to: is not one of")]
    [InlineData("", """{"uplink":{"n":1,"data":1}}""", "uplink: needs an open with client=ID")]
    public async Task What_cannot_be_said_ends_the_connection(string query, string frame, string fault)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a" + query);
        await client.SayAsync(frame);
        Assert.Contains(fault, (await client.EndAsync()).Closed, StringComparison.Ordinal);
    }
}
