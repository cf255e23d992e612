namespace Mailbox.Gateway.Tests;

/// <summary>NDJSON and multipart streams (spec section 5).</summary>
public sealed class StreamTests
{
    const string Ndjson = "application/x-ndjson";

    [Fact]
    public async Task NDJSON_is_one_object_a_line()
    {
        var (host, stream, grid) = await OpenAsync(Ndjson);
        await using var _ = host;
        Assert.Equal("{\"position\":\"1.0\"}\n", await stream.UntilAsync("\n"));
        grid.Reader.Give(ScriptedReader.Gap(0, 1, GapReason.Lost), ScriptedReader.Letter(2, "a\nb"), ScriptedReader.Letter(3, "{\r\n \"x\": [1.0]\n}", "application/json"));
        Assert.Equal("{\"gap\":{\"from\":\"1.0\",\"to\":\"1.1\",\"reason\":\"lost\"}}\n", await stream.UntilAsync("\n"));
        Assert.Equal(
            "{\"position\":\"1.2\",\"contentType\":\"text/plain\",\"at\":\"1970-01-01T00:00:00Z\",\"data\":\"a\\nb\"}\n", await stream.UntilAsync("\n"));
        Assert.Equal(
            "{\"position\":\"1.3\",\"contentType\":\"application/json\",\"at\":\"1970-01-01T00:00:00Z\",\"data\":{   \"x\": [1.0] }}\n", await stream.UntilAsync("\n"));
        grid.Reader.End(Ending.TakenOver);
        Assert.Equal("{\"closed\":{\"reason\":\"taken-over\",\"reconnect\":false,\"after\":0}}\n", await stream.RestAsync());
    }

    [Theory]
    [InlineData("mixed")]
    [InlineData("x-mixed-replace")]
    public async Task Multipart_is_one_part_a_message_with_its_exact_bytes(string subtype)
    {
        var (host, stream, grid) = await OpenAsync("multipart/" + subtype);
        await using var _ = host;
        var type = stream.Response.Content.Headers.ContentType!;
        var boundary = type.Parameters.Single().Value;
        Assert.Equal("multipart/" + subtype, type.MediaType);
        var next = $"\r\n--{boundary}\r\n";
        Assert.Equal(
            $"--{boundary}\r\nContent-Type: application/json\r\nMessage-Type: mailbox.position\r\nContent-Length: 18\r\n\r\n{{\"position\":\"1.0\"}}{next}",
            await stream.UntilAsync(next));
        grid.Reader.Give(ScriptedReader.Letter(1, [0xff, 0x0d, 0x0a, 0x00], "image/x", "pic"));
        Assert.Equal($"Content-ID: <1.1>\r\nContent-Type: image/x\r\nMessage-Type: pic\r\nContent-Length: 4\r\n\r\n\u00ff\r\n\0{next}", await stream.UntilAsync(next));
        grid.Reader.Give(ScriptedReader.Gap(1, 3, GapReason.Ttl));
        Assert.Equal(
            "Content-ID: <1.3>\r\nContent-Type: application/json\r\nMessage-Type: mailbox.gap\r\nContent-Length: 40\r\n\r\n"
            + "{\"from\":\"1.1\",\"to\":\"1.3\",\"reason\":\"ttl\"}" + next,
            await stream.UntilAsync(next));
        grid.Reader.End(Ending.Deleted);
        Assert.EndsWith(
            $"Message-Type: mailbox.closed\r\nContent-Length: 48\r\n\r\n{{\"reason\":\"deleted\",\"reconnect\":false,\"after\":0}}\r\n--{boundary}--\r\n",
            await stream.RestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_multipart_stream_has_a_boundary_of_its_own()
    {
        await using var host = await GatewayHost.StartAsync();
        using var one = await host.OpenAsync("/mailboxes/a", "multipart/mixed");
        using var two = await host.OpenAsync("/mailboxes/a", "multipart/mixed");
        Assert.NotEqual(
            one.Response.Content.Headers.ContentType!.Parameters.Single().Value, two.Response.Content.Headers.ContentType!.Parameters.Single().Value);
    }

    [Fact]
    public async Task A_large_message_passes_whole_on_every_stream()
    {
        var text = string.Concat(Enumerable.Range(0, 50_000).Select(static number => (char)('a' + number % 26)));
        foreach (var accept in (string[])["text/event-stream", Ndjson, "multipart/mixed"])
        {
            var (host, stream, grid) = await OpenAsync(accept);
            await using var _ = host;
            grid.Reader.Give(ScriptedReader.Letter(1, text));
            Assert.EndsWith(text, await stream.UntilAsync(text), StringComparison.Ordinal);
        }
    }

    static async Task<(GatewayHost Host, Wire Stream, ScriptedGrid Grid)> OpenAsync(string accept)
    {
        var grid = new ScriptedGrid();
        var host = await GatewayHost.StartAsync(grid: grid);
        return (host, await host.OpenAsync("/mailboxes/a", accept), grid);
    }
}
