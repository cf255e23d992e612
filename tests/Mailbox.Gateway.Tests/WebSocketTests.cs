using System.Net.WebSockets;

namespace Mailbox.Gateway.Tests;

/// <summary>The WebSocket transport: JSON frames both ways (spec section 5).</summary>
public sealed class WebSocketTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_socket_tells_its_position_then_what_waits_then_what_comes(bool isHttp2)
    {
        await using var host = await GatewayHost.StartAsync(isHttp2: isHttp2);
        (await host.DeliverAsync("a", "waits", ("Content-Type", "text/plain"), ("Message-Type", "note"))).Dispose();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a", isHttp2: isHttp2);
        Assert.Equal("mailbox.v1", client.Socket.SubProtocol);
        Assert.Matches("""^\{"position":"[0-9a-f]+\.0"\}$""", await client.NextAsync());
        Assert.Matches("""^\{"position":"[0-9a-f]+\.1","type":"note","contentType":"text/plain","at":"[^"]+","data":"waits"\}$""", await client.NextAsync());
        (await host.DeliverAsync("a", """{"x":1}""", ("Content-Type", "application/json"))).Dispose();
        Assert.Equal("""{"x":1}""", (await client.NextAsync("data")).GetRawText());
        await client.CloseAsync();
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.Socket.CloseStatus);
        await GatewayHost.UntilAsync(() => host.Held.Count == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(2000)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(1 << 20)]
    public async Task A_message_of_any_size_is_one_frame(int size)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        (await host.DeliverAsync("a", new string('x', size), ("Content-Type", "text/plain"))).Dispose();
        Assert.Equal(size, (await client.NextAsync("data")).GetString()!.Length);
    }

    [Fact]
    public async Task A_gap_is_told_before_what_follows_it()
    {
        var grid = new ScriptedGrid();
        await using var host = await GatewayHost.StartAsync(grid: grid);
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        Assert.Equal("""{"position":"1.0"}""", await client.NextAsync());
        grid.Reader.Give(ScriptedReader.Gap(0, 4, GapReason.Overflow), ScriptedReader.Letter(5, "five"));
        Assert.Equal("""{"gap":{"from":"1.0","to":"1.4","reason":"overflow"}}""", await client.NextAsync());
        Assert.StartsWith("""{"position":"1.5",""", await client.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Acknowledging_by_a_frame_removes_what_was_acknowledged()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        (await host.DeliverAsync("a", "1")).Dispose();
        var position = (await client.NextAsync("position")).GetString();
        position = position!.EndsWith(".0", StringComparison.Ordinal) ? (await client.NextAsync("position")).GetString() : position;
        await client.SayAsync($$"""{"ack":"{{position}}"}""");
        await GatewayHost.UntilAsync(async () => (await host.Http.GetStringAsync("/mailboxes/a/state")).Contains("\"messages\":0", StringComparison.Ordinal));
        // Counted when the gateway has the answer, which may be after others see what was done.
        await GatewayHost.UntilAsync(() => Task.FromResult(host.Measure("mailbox.gateway.acknowledgements") == 1));
    }

    // As at an open: it may be what the client had before the mailbox was made again.
    [Fact]
    public async Task A_position_of_another_epoch_or_of_the_future_acknowledges_nothing_and_ends_nothing()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        var epoch = (await client.NextAsync("position")).GetString()!.Split('.')[0];
        (await host.DeliverAsync("a", "stays")).Dispose();
        await client.SayAsync("""{"ack":"abc.7"}""");
        await client.SayAsync($$"""{"ack":"{{epoch}}.99"}""");
        await client.SayAsync("""{"ping":1}""");
        await client.NextAsync("pong");
        Assert.Contains("\"messages\":1", await host.Http.GetStringAsync("/mailboxes/a/state", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("""{"deep":[1,2]}""")]
    public async Task A_ping_is_answered_with_what_it_carries(string token)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        await client.SayAsync($$"""{ "ping" : {{token}} }""");
        Assert.Equal(token, (await client.NextAsync("pong")).GetRawText());
    }

    [Fact]
    public async Task A_frame_may_come_in_fragments()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        foreach (var part in new[] { "{\"pi", "ng\":", "", "42" }) await client.SayAsync(part, isEnd: false);
        await client.SayAsync("}");
        Assert.Equal(42, (await client.NextAsync("pong")).GetInt32());
    }

    [Theory]
    [InlineData("", "is not JSON")]
    [InlineData("{", "is not JSON")]
    [InlineData("[]", "one member")]
    [InlineData("{}", "one member")]
    [InlineData("""{"ack":"1.1","ping":1}""", "one member")]
    [InlineData("""{"nack":1}""", "nack: is not one of")]
    [InlineData("""{"\ud800":1}""", "not Unicode")]
    [InlineData("""{"ack":"nonsense"}""", "ack: a position is")]
    [InlineData("""{"ack":"\ud800"}""", "ack: a position is")]
    [InlineData("""{"ack":5}""", "ack: a position is")]
    public async Task A_malformed_frame_is_told_what_is_wrong_and_ends_the_connection(string frame, string fault)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        await client.SayAsync(frame);
        var (closed, code) = await client.EndAsync();
        Assert.StartsWith("""{"reason":"bad-frame","reconnect":false,"after":0,"detail":""", closed, StringComparison.Ordinal);
        Assert.Contains(fault, closed, StringComparison.Ordinal);
        Assert.Equal(1007, code);
        await GatewayHost.UntilAsync(() => host.Held.Count == 0);
    }

    [Fact]
    public async Task A_binary_frame_ends_the_connection()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        await client.SayAsync("""{"ping":1}""", WebSocketMessageType.Binary);
        Assert.Contains("must be text", (await client.EndAsync()).Closed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frame_above_the_bound_ends_the_connection()
    {
        await using var host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 3000 });
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        await client.SayAsync(new string(' ', 9000));
        var (closed, code) = await client.EndAsync();
        Assert.Contains("\"reason\":\"too-large\"", closed, StringComparison.Ordinal);
        Assert.Equal(1009, code);
    }

    [Theory]
    [InlineData(Ending.Deleted, "deleted", false, 4003)]
    [InlineData(Ending.TakenOver, "taken-over", false, 4001)]
    [InlineData(Ending.Moved, "moved", true, 1012)]
    [InlineData(Ending.Unavailable, "unavailable", true, 1013)]
    public async Task An_ending_is_told_and_has_a_close_code(Ending ending, string reason, bool reconnect, int code)
    {
        var grid = new ScriptedGrid();
        await using var host = await GatewayHost.StartAsync(grid: grid);
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        await client.NextAsync("position");
        grid.Reader.End(ending);
        var told = await client.EndAsync();
        Assert.Contains($"\"reason\":\"{reason}\",\"reconnect\":{(reconnect ? "true" : "false")}", told.Closed, StringComparison.Ordinal);
        Assert.Equal(code, told.Code);
        Assert.Equal(reason, client.Socket.CloseStatusDescription);
    }

    [Fact]
    public async Task A_client_replaces_its_own_stream_with_a_socket_and_back()
    {
        await using var host = await GatewayHost.StartAsync();
        using var stream = await host.OpenAsync("/mailboxes/a?client=c", "text/event-stream");
        using var socket = await SocketClient.OpenAsync(host, "/mailboxes/a?client=c");
        Assert.Contains("\"reason\":\"replaced\"", await stream.RestAsync(), StringComparison.Ordinal);
        using var again = await host.OpenAsync("/mailboxes/a?client=c", "text/event-stream");
        Assert.Equal(4002, (await socket.EndAsync()).Code);
    }

    [Fact]
    public async Task A_shutdown_closes_with_going_away()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = await SocketClient.OpenAsync(host, "/mailboxes/a");
        await client.NextAsync("position");
        var stopping = host.StopAsync();
        await GatewayHost.UntilAsync(() => host.Held.IsDraining);
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => SocketClient.OpenAsync(host, "/mailboxes/a"));
        Assert.Contains("503", refused.Message, StringComparison.Ordinal);
        host.Time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(1001, (await client.EndAsync()).Code);
        await stopping.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_client_that_does_not_answer_the_close_is_cut_off()
    {
        var grid = new ScriptedGrid();
        await using var host = await GatewayHost.StartAsync(grid: grid);
        using var raw = await RawSocket.OpenAsync(host.Address);
        grid.Reader.End(Ending.Deleted);
        Assert.EndsWith("\u0088\u0009\u000f\u00a3deleted", await raw.Wire.UntilAsync("\u000f\u00a3deleted"), StringComparison.Ordinal);
        await GatewayHost.UntilAsync(() =>
        {
            host.Time.Pass(TimeSpan.FromSeconds(1));
            return raw.IsEnded;
        });
    }

    [Fact]
    public async Task A_socket_has_a_ping_as_heartbeat_and_ends_when_two_were_not_answered()
    {
        await using var host = await GatewayHost.StartAsync();
        using var raw = await RawSocket.OpenAsync(host.Address);
        host.Time.Pass(TimeSpan.FromSeconds(16));
        await raw.Wire.UntilAsync("\u0089\0");
        await raw.SayAsync(0x8a, "");
        await raw.SayAsync(0x81, """{"ping":1}""");
        await raw.Wire.UntilAsync("{\"pong\":1}");
        for (var i = 0; i < 2; i++)
        {
            host.Time.Pass(TimeSpan.FromSeconds(16));
            await raw.Wire.UntilAsync("\u0089\0");
        }
        host.Time.Pass(TimeSpan.FromSeconds(16));
        Assert.Contains("\"reason\":\"silent\",\"reconnect\":true", await raw.Wire.UntilAsync("silent\",\"reconnect\":true"), StringComparison.Ordinal);
        Assert.Equal(1, host.Measure("mailbox.gateway.endings", "silent"));
    }

    [Fact]
    public async Task A_client_that_left_without_a_word_gives_its_reader_back()
    {
        var grid = new ScriptedGrid();
        await using var host = await GatewayHost.StartAsync(grid: grid);
        var raw = await RawSocket.OpenAsync(host.Address);
        raw.Dispose();
        await GatewayHost.UntilAsync(() => grid.Reader.IsClosed && host.Held.Count == 0);
        grid.Reader.Signal!.Ready();
    }

    [Fact]
    public async Task Over_HTTP2_a_socket_that_is_dropped_gives_its_reader_back()
    {
        var grid = new ScriptedGrid();
        await using var host = await GatewayHost.StartAsync(grid: grid, isHttp2: true);
        var client = await SocketClient.OpenAsync(host, "/mailboxes/a", isHttp2: true);
        client.Socket.Abort();
        client.Dispose();
        await GatewayHost.UntilAsync(() => grid.Reader.IsClosed && host.Held.Count == 0);
    }

    [Fact]
    public async Task A_socket_that_takes_no_byte_for_a_minute_is_ended_and_delays_nobody()
    {
        await using var host = await GatewayHost.StartAsync();
        using var slow = await RawSocket.OpenAsync(host.Address, receiveBuffer: 4096);
        using var quick = await SocketClient.OpenAsync(host, "/mailboxes/a");
        await quick.NextAsync("position");
        for (var i = 0; i < 12; i++)
        {
            (await host.DeliverAsync("a", new string('x', 1 << 20))).Dispose();
            await quick.NextAsync("data");
        }
        var start = host.Time.GetUtcNow();
        await GatewayHost.UntilAsync(async () =>
        {
            host.Time.Pass(TimeSpan.FromSeconds(5));
            await quick.SayAsync("""{"ping":1}""");
            await quick.NextAsync("pong");
            return host.Held.Count == 1;
        });
        Assert.True(host.Time.GetUtcNow() - start >= TimeSpan.FromMinutes(1));
    }
}
