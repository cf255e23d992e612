using System.Net;
using System.Text.Json;

namespace Mailbox.Gateway.Tests;

/// <summary><c>POST /mailboxes/{mailbox}</c> (spec section 5).</summary>
public sealed class DeliverTests : IAsyncLifetime
{
    GatewayHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 1000 });

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_delivery_answers_201_with_position_connections_and_expiry()
    {
        using var answer = await _host.DeliverAsync("a", "hello");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["mailbox", "position", "connections", "expires"], json.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal("a", json.RootElement.GetProperty("mailbox").GetString());
        Assert.True(Position.TryParse(json.RootElement.GetProperty("position").GetString(), out var position) && position.Sequence == 1);
        Assert.Equal(_host.Time.GetUtcNow() + TimeSpan.FromDays(1), json.RootElement.GetProperty("expires").GetDateTimeOffset());
    }

    [Fact]
    public async Task The_headers_of_a_delivery_are_the_messages()
    {
        using var answer = await _host.DeliverAsync(
            "a", "{\"x\": 1}", ("Content-Type", "application/json"), ("Message-Type", "note"), ("Topic", "t-1"), ("TTL", "60"), ("Durability", "memory"));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var poll = await _host.Http.GetStringAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken);
        Assert.Contains("\"type\":\"note\",\"contentType\":\"application/json\"", poll, StringComparison.Ordinal);
        Assert.Contains("\"topic\":\"t-1\",\"data\":{\"x\": 1}}", poll, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Message-Type", "mailbox.gap")]
    [InlineData("Message-Type", "a b")]
    [InlineData("Topic", "no/slash")]
    [InlineData("TTL", "-1")]
    [InlineData("TTL", "2592001")]
    [InlineData("TTL", "1.5")]
    [InlineData("Durability", "eternal")]
    [InlineData("Idle", "0")]
    [InlineData("Idempotency-Key", "12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task A_header_that_is_not_valid_is_400_and_named(string name, string value)
    {
        using var answer = await _host.DeliverAsync("a", "x", (name, value));
        var problem = await Problems.OfAsync(answer, 400, "bad-header");
        Assert.StartsWith(name + ": must be ", problem, StringComparison.Ordinal);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_header_that_is_given_twice_is_400()
    {
        using var raw = await RawConnection.SayAsync(
            _host.Address, "POST /mailboxes/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTTL: 1\r\nTTL: 2\r\n\r\nx");
        Assert.StartsWith("HTTP/1.1 400 ", await raw.Wire.UntilAsync("\r\n"), StringComparison.Ordinal);
        Assert.EndsWith("TTL: must be given once.", await raw.Wire.UntilAsync("once."), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a%20b")]
    [InlineData("a%2Fb")]
    [InlineData("a%252Fb")]
    [InlineData("%C3%A9")]
    public async Task A_name_that_is_not_valid_is_400(string name)
    {
        using var raw = await RawConnection.SayAsync(_host.Address, $"POST /mailboxes/{name} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
        Assert.StartsWith("HTTP/1.1 400 ", await raw.Wire.UntilAsync("\r\n"), StringComparison.Ordinal);
        await raw.Wire.UntilAsync("urn:mailbox:problem:bad-name");
    }

    [Fact]
    public async Task A_body_of_the_limit_is_taken_and_one_byte_more_is_413()
    {
        using var most = await _host.SendAsync(HttpMethod.Post, "/mailboxes/a", new byte[1000]);
        Assert.Equal(HttpStatusCode.Created, most.StatusCode);
        using var more = await _host.SendAsync(HttpMethod.Post, "/mailboxes/a", new byte[1001]);
        Assert.Equal("The body is larger than 1000 bytes.", await Problems.OfAsync(more, 413, "too-large"));
    }

    [Fact]
    public async Task A_chunked_body_above_the_limit_is_413_while_it_is_read()
    {
        var chunk = $"200\r\n{new string('x', 512)}\r\n";
        using var raw = await RawConnection.SayAsync(
            _host.Address, $"POST /mailboxes/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}");
        Assert.StartsWith("HTTP/1.1 413 ", await raw.Wire.UntilAsync("\r\n"), StringComparison.Ordinal);
        await raw.Wire.UntilAsync("urn:mailbox:problem:too-large");
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_same_key_answers_as_the_first_did_and_another_body_is_422()
    {
        using var first = await _host.DeliverAsync("a", "x", ("Idempotency-Key", "k"));
        using var again = await _host.DeliverAsync("a", "x", ("Idempotency-Key", "k"));
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(await Json.TextAsync(first, "position"), await Json.TextAsync(again, "position"));
        using var other = await _host.DeliverAsync("a", "y", ("Idempotency-Key", "k"));
        await Problems.OfAsync(other, 422, "key-reused");
    }

    [Fact]
    public async Task A_full_mailbox_rejects_or_drops_by_its_policy()
    {
        using var set = await _host.SendAsync(HttpMethod.Put, "/mailboxes/a", "{\"overflow\":\"reject\",\"maxMessages\":1}"u8.ToArray());
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        using var first = await _host.DeliverAsync("a", "1");
        using var second = await _host.DeliverAsync("a", "2");
        await Problems.OfAsync(second, 409, "mailbox-full");
        using var change = await _host.SendAsync(HttpMethod.Put, "/mailboxes/a", "{\"overflow\":\"drop-newest\"}"u8.ToArray());
        using var third = await _host.DeliverAsync("a", "3");
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        Assert.Equal("{\"dropped\":true}", await third.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
