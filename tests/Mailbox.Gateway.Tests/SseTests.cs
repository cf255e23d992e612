namespace Mailbox.Gateway.Tests;

/// <summary>Server-sent events (WHATWG HTML section 9.2; spec section 5).</summary>
public sealed class SseTests
{
    const string Sse = "text/event-stream";
    const string Start = "^retry: [0-9]{4}\nid: 1\\.0\n\n$";

    [Fact]
    public async Task A_stream_begins_with_its_retry_and_a_block_that_has_only_its_position()
    {
        await using var host = await GatewayHost.StartAsync(grid: new ScriptedGrid());
        using var stream = await host.OpenAsync("/mailboxes/a", Sse);
        Assert.Equal(Sse, stream.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-store, no-transform", stream.Response.Headers.GetValues("Cache-Control").Single());
        Assert.Equal("no", stream.Response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.Matches(Start, await stream.UntilAsync("\n\n"));
    }

    [Theory]
    [InlineData("hello", "data: hello\n\n")]
    [InlineData("", "data: \n\n")]
    [InlineData(" led", "data:  led\n\n")]
    [InlineData("a\nb\r\nc\rd", "data: a\ndata: b\ndata: c\ndata: d\n\n")]
    [InlineData("a\n\nb\n", "data: a\ndata: \ndata: b\ndata: \n\n")]
    [InlineData("x\rid: evil\rdata: y", "data: x\ndata: id: evil\ndata: data: y\n\n")]
    [InlineData("\ufeffbom", "data: \u00ef\u00bb\u00bfbom\n\n")]
    public async Task A_body_is_lines_of_data_and_never_fields(string body, string data)
    {
        var (host, stream, grid) = await OpenAsync();
        await using var _ = host;
        grid.Reader.Give(ScriptedReader.Letter(1, body));
        Assert.Equal("id: 1.1\n" + data, await stream.UntilAsync("\n\n"));
        stream.Dispose();
    }

    [Fact]
    public async Task A_message_with_a_type_has_an_event_name()
    {
        var (host, stream, grid) = await OpenAsync();
        await using var _ = host;
        grid.Reader.Give(ScriptedReader.Letter(7, "x"u8.ToArray(), type: "a.b:c"));
        Assert.Equal("id: 1.7\nevent: a.b:c\ndata: x\n\n", await stream.UntilAsync("\n\n"));
    }

    [Fact]
    public async Task A_body_that_is_not_UTF8_goes_as_a_JSON_message()
    {
        var (host, stream, grid) = await OpenAsync();
        await using var _ = host;
        grid.Reader.Give(ScriptedReader.Letter(1, [0xff, 0x00], "image/x"));
        Assert.Equal(
            "id: 1.1\nevent: mailbox.message\ndata: {\"position\":\"1.1\",\"contentType\":\"image/x\",\"at\":\"1970-01-01T00:00:00Z\","
            + "\"encoding\":\"base64\",\"data\":\"/wA=\"}\n\n",
            await stream.UntilAsync("\n\n"));
    }

    [Fact]
    public async Task A_gap_is_an_event_whose_id_is_its_end()
    {
        var (host, stream, grid) = await OpenAsync();
        await using var _ = host;
        grid.Reader.Give(ScriptedReader.Gap(0, 4, GapReason.Overflow), ScriptedReader.Letter(5, "x"));
        Assert.Equal(
            "id: 1.4\nevent: mailbox.gap\ndata: {\"from\":\"1.0\",\"to\":\"1.4\",\"reason\":\"overflow\"}\n\n", await stream.UntilAsync("\n\n"));
        Assert.Equal("id: 1.5\ndata: x\n\n", await stream.UntilAsync("\n\n"));
    }

    [Theory]
    [InlineData(Ending.TakenOver, "taken-over")]
    [InlineData(Ending.Replaced, "replaced")]
    [InlineData(Ending.Deleted, "deleted")]
    public async Task A_final_ending_makes_the_clients_wait_a_day(Ending ending, string reason)
    {
        var (host, stream, grid) = await OpenAsync();
        await using var _ = host;
        grid.Reader.End(ending);
        Assert.Equal(
            $"retry: 86400000\nevent: mailbox.closed\ndata: {{\"reason\":\"{reason}\",\"reconnect\":false,\"after\":0}}\n\n", await stream.RestAsync());
        await GatewayHost.UntilAsync(() => grid.Reader.IsClosed && host.Held.Count == 0);
    }

    [Theory]
    [InlineData(Ending.Moved, "moved", 0)]
    [InlineData(Ending.Unavailable, "unavailable", 5)]
    public async Task An_ending_that_is_not_final_says_when_to_come_back(Ending ending, string reason, int after)
    {
        var (host, stream, grid) = await OpenAsync();
        await using var _ = host;
        grid.Reader.End(ending);
        Assert.Matches(
            $"^retry: [0-9]{{3,4}}\nevent: mailbox.closed\ndata: {{\"reason\":\"{reason}\",\"reconnect\":true,\"after\":{after}}}\n\n$", await stream.RestAsync());
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_ends_the_stream_for_a_while()
    {
        var (host, stream, grid) = await OpenAsync();
        await using var _ = host;
        grid.Reader.IsCold = true;
        grid.Reader.Signal!.Ready();
        Assert.Contains("\"reason\":\"unavailable\",\"reconnect\":true", await stream.RestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_ending_comes_after_what_was_there_before_it()
    {
        var grid = new ScriptedGrid();
        grid.Reader.Give(ScriptedReader.Letter(1, "last"));
        grid.Reader.End(Ending.Deleted);
        await using var host = await GatewayHost.StartAsync(grid: grid);
        using var stream = await host.OpenAsync("/mailboxes/a", Sse);
        Assert.Matches("id: 1.1\ndata: last\n\nretry: 86400000\nevent: mailbox.closed\n", await stream.RestAsync());
    }

    [Fact]
    public async Task What_was_taken_is_told_written_once_it_is_flushed()
    {
        var (host, stream, grid) = await OpenAsync();
        await using var _ = host;
        var before = grid.Reader.WrittenCalls;
        grid.Reader.Give(ScriptedReader.Letter(1, "x"));
        await stream.UntilAsync("data: x\n\n");
        await GatewayHost.UntilAsync(() => grid.Reader.WrittenCalls > before);
    }

    [Fact]
    public async Task Last_Event_ID_beats_after_and_resumes_without_loss_or_double()
    {
        await using var host = await GatewayHost.StartAsync();
        using var first = await host.DeliverAsync("a", "1");
        using var second = await host.DeliverAsync("a", "2");
        using var third = await host.DeliverAsync("a", "3");
        var position = await Json.TextAsync(second, "position");
        using var stream = await host.OpenAsync($"/mailboxes/a?after={await Json.TextAsync(first, "position")}", Sse, ("Last-Event-ID", position));
        Assert.EndsWith($"id: {position}\n\n", await stream.UntilAsync("\n\n"), StringComparison.Ordinal);
        Assert.Equal($"id: {await Json.TextAsync(third, "position")}\ndata: 3\n\n", await stream.UntilAsync("\n\n"));
    }

    [Fact]
    public async Task A_malformed_Last_Event_ID_is_400_and_an_empty_one_is_none()
    {
        await using var host = await GatewayHost.StartAsync();
        using var bad = await host.SendAsync(HttpMethod.Get, "/mailboxes/a", headers: [("Accept", Sse), ("Last-Event-ID", new string('x', 4000))]);
        await Problems.OfAsync(bad, 400, "bad-position");
        using var none = await host.OpenAsync("/mailboxes/a", Sse, ("Last-Event-ID", ""));
        Assert.Equal(200, (int)none.Response.StatusCode);
    }

    [Fact]
    public async Task An_old_client_gets_a_stream_without_chunks()
    {
        await using var host = await GatewayHost.StartAsync();
        using var raw = await RawConnection.SayAsync(host.Address, $"GET /mailboxes/a HTTP/1.0\r\nAccept: {Sse}\r\n\r\n");
        var head = await raw.Wire.UntilAsync("\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("chunked", head, StringComparison.OrdinalIgnoreCase);
        Assert.Matches("^retry: [0-9]{4}\nid: [0-9a-f]+\\.0\n\n$", await raw.Wire.UntilAsync("\n\n"));
        (await host.DeliverAsync("a", "old")).Dispose();
        Assert.Matches("^id: [0-9a-f]+\\.1\ndata: old\n\n$", await raw.Wire.UntilAsync("\n\n"));
    }

    static async Task<(GatewayHost Host, Wire Stream, ScriptedGrid Grid)> OpenAsync()
    {
        var grid = new ScriptedGrid();
        var host = await GatewayHost.StartAsync(grid: grid);
        var stream = await host.OpenAsync("/mailboxes/a", Sse);
        await stream.UntilAsync("\n\n");
        return (host, stream, grid);
    }
}
