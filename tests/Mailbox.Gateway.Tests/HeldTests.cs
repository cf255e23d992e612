using System.Net;

namespace Mailbox.Gateway.Tests;

/// <summary>Held connections: heartbeats, endings, slow readers, the drain (spec M14, M17, section 5).</summary>
public sealed class HeldTests
{
    const string Sse = "text/event-stream";

    // A pump that has just written to a crowd goes on after it.
    static readonly TimeSpan s_pumpPause = TimeSpan.FromMilliseconds(4);

    [Theory]
    [InlineData(Sse, ":\n\n", 2)]
    [InlineData("application/x-ndjson", "\n", 1)]
    [InlineData("multipart/mixed", "Message-Type: mailbox.heartbeat\r\nContent-Length: 0\r\n\r\n\r\n--", 3)]
    public async Task An_idle_stream_has_a_heartbeat_every_15_seconds(string accept, string heartbeat, int startLines)
    {
        await using var host = await GatewayHost.StartAsync();
        using var stream = await host.OpenAsync("/mailboxes/a", accept);
        for (var line = 0; line < startLines; line++) await stream.UntilAsync("\n");
        if (accept == Sse) await stream.UntilAsync("\n");
        host.Time.Pass(TimeSpan.FromSeconds(16));
        Assert.EndsWith(heartbeat, await stream.UntilAsync(heartbeat), StringComparison.Ordinal);
        host.Time.Pass(TimeSpan.FromSeconds(16));
        Assert.EndsWith(heartbeat, await stream.UntilAsync(heartbeat), StringComparison.Ordinal);
    }

    // So long that the place on the wheel to which a connection goes next is one that is yet to be made up for.
    [Fact]
    public async Task Streams_go_on_after_the_process_was_stopped_for_a_quarter_of_an_hour()
    {
        await using var host = await GatewayHost.StartAsync();
        using var stream = await host.OpenAsync("/mailboxes/a", "application/x-ndjson");
        await stream.UntilAsync("}\n");
        await Task.Run(() => host.Time.Advance(TimeSpan.FromSeconds(1026.5)), TestContext.Current.CancellationToken).WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
        await stream.UntilAsync("\n");
        (await host.DeliverAsync("a", "awake")).Dispose();
        await stream.UntilAsync("\"data\":\"awake\"}\n");
    }

    [Fact]
    public async Task Streams_that_were_opened_together_are_not_written_to_together()
    {
        await using var host = await GatewayHost.StartAsync();
        var streams = new List<Wire>();
        for (var i = 0; i < 40; i++) streams.Add(await host.OpenAsync("/mailboxes/a", "application/x-ndjson"));
        host.Time.Pass(TimeSpan.FromSeconds(11));
        var early = streams.Select(stream => stream.UntilAsync("}\n\n")).ToList();
        await GatewayHost.UntilAsync(() => early.Any(beat => beat.IsCompleted));
        Assert.Contains(early, beat => !beat.IsCompleted);
        host.Time.Pass(TimeSpan.FromSeconds(5));
        await Task.WhenAll(early);
        streams.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task A_takeover_ends_the_others_and_tells_them_why()
    {
        await using var host = await GatewayHost.StartAsync();
        using var first = await host.OpenAsync("/mailboxes/a", Sse);
        using var second = await host.OpenAsync("/mailboxes/a?conflict=takeover", Sse);
        Assert.Contains("\"reason\":\"taken-over\",\"reconnect\":false", await first.RestAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, second.Response.StatusCode);
    }

    [Fact]
    public async Task An_open_that_asks_to_be_refused_is_409_while_another_holds_the_mailbox()
    {
        await using var host = await GatewayHost.StartAsync();
        using var first = await host.OpenAsync("/mailboxes/a", Sse);
        using var second = await host.Http.GetAsync("/mailboxes/a?conflict=reject", TestContext.Current.CancellationToken);
        await Problems.OfAsync(second, 409, "mailbox-held");
    }

    [Fact]
    public async Task All_who_share_a_mailbox_get_everything()
    {
        await using var host = await GatewayHost.StartAsync();
        using var first = await host.OpenAsync("/mailboxes/a", Sse);
        using var second = await host.OpenAsync("/mailboxes/a", "application/x-ndjson");
        using var delivered = await host.DeliverAsync("a", "both");
        Assert.Equal("2", await Json.TextAsync(delivered, "connections"));
        await first.UntilAsync("data: both\n\n");
        await second.UntilAsync("\"data\":\"both\"}\n");
    }

    [Fact]
    public async Task A_client_replaces_its_own_connection_and_one_that_was_taken_over_gets_204()
    {
        await using var host = await GatewayHost.StartAsync();
        using var first = await host.OpenAsync("/mailboxes/a?client=tab1", Sse);
        using var again = await host.OpenAsync("/mailboxes/a?client=tab1", Sse);
        Assert.Contains("\"reason\":\"replaced\"", await first.RestAsync(), StringComparison.Ordinal);
        using var other = await host.OpenAsync("/mailboxes/a?client=tab2&conflict=takeover", Sse);
        var told = await again.RestAsync();
        Assert.Contains("\"reason\":\"taken-over\"", told, StringComparison.Ordinal);
        var position = told.Split("id: ")[1].Split('\n')[0];
        using var back = await host.OpenAsync("/mailboxes/a?client=tab1", Sse, ("Last-Event-ID", position));
        Assert.Equal(HttpStatusCode.NoContent, back.Response.StatusCode);
    }

    [Fact]
    public async Task A_reader_that_takes_no_byte_for_a_minute_is_ended_and_delays_nobody()
    {
        await using var host = await GatewayHost.StartAsync();
        using var slow = await RawConnection.SayAsync(host.Address, $"GET /mailboxes/a HTTP/1.1\r\nHost: x\r\nAccept: {Sse}\r\n\r\n", receiveBuffer: 4096);
        using var quick = await host.OpenAsync("/mailboxes/a", "application/x-ndjson");
        await GatewayHost.UntilAsync(() => host.Held.Count == 2);
        var letter = new byte[1 << 20];
        letter.AsSpan().Fill((byte)'x');
        for (var i = 0; i < 12; i++)
        {
            (await host.SendAsync(HttpMethod.Post, "/mailboxes/a", letter)).Dispose();
            await quick.UntilAsync("x\"}\n");
        }
        var before = host.Time.GetUtcNow();
        await GatewayHost.UntilAsync(() =>
        {
            host.Time.Pass(TimeSpan.FromSeconds(1));
            return host.Held.Count == 1;
        });
        Assert.True(host.Time.GetUtcNow() - before >= TimeSpan.FromMinutes(1));
        Assert.Equal(1, host.Measure("mailbox.gateway.endings", "slow"));
    }

    [Fact]
    public async Task A_stream_whose_client_left_gives_its_reader_back()
    {
        var grid = new ScriptedGrid();
        await using var host = await GatewayHost.StartAsync(grid: grid);
        var raw = await RawConnection.SayAsync(host.Address, $"GET /mailboxes/a HTTP/1.1\r\nHost: x\r\nAccept: {Sse}\r\n\r\n");
        await raw.Wire.UntilAsync("id: 1.0\n\n");
        raw.Socket.Close(0);
        await GatewayHost.UntilAsync(() => grid.Reader.IsClosed && host.Held.Count == 0);
        grid.Reader.Signal!.Ready();
    }

    [Fact]
    public async Task Over_HTTP2_a_stream_that_is_reset_gives_its_reader_back_and_the_connection_goes_on()
    {
        await using var host = await GatewayHost.StartAsync(isHttp2: true);
        using var stays = await host.OpenAsync("/mailboxes/a", Sse);
        var leaves = await host.OpenAsync("/mailboxes/a", Sse);
        using var both = await host.DeliverAsync("a", "1");
        Assert.Equal("2", await Json.TextAsync(both, "connections"));
        await leaves.UntilAsync("data: 1\n\n");
        leaves.Dispose();
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        (await host.DeliverAsync("a", "2")).Dispose();
        await stays.UntilAsync("data: 2\n\n");
    }

    [Fact]
    public async Task A_connection_is_used_again_after_a_long_poll()
    {
        await using var host = await GatewayHost.StartAsync();
        using var raw = await RawConnection.SayAsync(host.Address, "GET /mailboxes/a?wait=5 HTTP/1.1\r\nHost: x\r\n\r\n");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        host.Time.Pass(TimeSpan.FromSeconds(6));
        await raw.Wire.UntilAsync("\"messages\":[]}");
        await raw.SayAsync("GET /mailboxes/a?wait=5 HTTP/1.1\r\nHost: x\r\n\r\n");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        (await host.DeliverAsync("a", "second")).Dispose();
        await raw.Wire.UntilAsync("\"data\":\"second\"}]}");
    }

    [Fact]
    public async Task A_shutdown_spreads_the_endings_refuses_new_opens_and_stops_when_all_are_gone()
    {
        await using var host = await GatewayHost.StartAsync();
        var streams = new List<Wire>();
        for (var i = 0; i < 300; i++) streams.Add(await host.OpenAsync("/mailboxes/m" + i, Sse));
        var stopping = host.StopAsync();
        await GatewayHost.UntilAsync(() => host.Held.IsDraining);
        using var poll = await host.Http.GetAsync("/mailboxes/a", TestContext.Current.CancellationToken);
        await Problems.OfAsync(poll, 503, "draining");
        Assert.NotNull(poll.Headers.RetryAfter);
        using var stream = await host.OpenAsync("/mailboxes/a", Sse);
        Assert.Contains("\"reason\":\"draining\",\"reconnect\":true", await stream.RestAsync(), StringComparison.Ordinal);
        using var ready = await host.Http.GetAsync("/readyz", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        using var delivered = await host.DeliverAsync("m0", "still taken");
        Assert.Equal(HttpStatusCode.Created, delivered.StatusCode);
        host.Time.Pass(TimeSpan.FromSeconds(1));
        await GatewayHost.UntilAsync(() => host.Held.Count < 300);
        Assert.InRange(host.Held.Count, 1, 299);
        host.Time.Pass(TimeSpan.FromSeconds(3));
        // One that was being written to comes round a second later.
        await GatewayHost.UntilAsync(() =>
        {
            host.Time.Pass(host.Held.Count < 30 ? TimeSpan.FromSeconds(1) : s_pumpPause);
            return host.Held.Count == 0;
        });
        foreach (var held in streams)
            Assert.EndsWith("data: {\"reason\":\"draining\",\"reconnect\":true,\"after\":1}\n\n", await held.RestAsync(), StringComparison.Ordinal);
        await stopping.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_shutdown_with_few_connections_does_not_take_the_time_of_many()
    {
        await using var host = await GatewayHost.StartAsync();
        using var stream = await host.OpenAsync("/mailboxes/a", Sse);
        var drained = host.Held.DrainAsync(TimeSpan.FromSeconds(20));
        host.Time.Pass(TimeSpan.FromSeconds(1));
        Assert.Contains("\"reason\":\"draining\"", await stream.RestAsync(), StringComparison.Ordinal);
        await drained.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_shutdown_of_very_many_connections_takes_no_longer_than_the_drain()
    {
        await using var host = await GatewayHost.StartAsync();
        var streams = new List<Wire>();
        for (var i = 0; i < 300; i++) streams.Add(await host.OpenAsync("/mailboxes/m" + i, Sse));
        var drained = host.Held.DrainAsync(TimeSpan.FromSeconds(1));
        host.Time.Pass(TimeSpan.FromSeconds(1.5));
        // One whose first flush is not done yet comes round a second later.
        await GatewayHost.UntilAsync(() =>
        {
            host.Time.Pass(host.Held.Count < 30 ? TimeSpan.FromSeconds(1) : s_pumpPause);
            return host.Held.Count == 0;
        });
        foreach (var held in streams) await held.RestAsync();
        await drained.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
    }
}
