using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Mailbox.Gateway.Tests;

/// <summary>Multiplexed bodies to <c>POST /deliver</c> (spec section 6).</summary>
public sealed class DeliverPartsTests : IAsyncLifetime
{
    GatewayHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_part_is_delivered_while_the_body_goes_on()
    {
        using var raw = await BeginAsync();
        await raw.SayAsync(Chunk("Mailbox: b\r\n\r\ntwo\r\n--b--\r\n") + Chunk(""));
        Assert.Matches("^HTTP/1.1 200 (.|\\s)*\"a\".*\"b\"", await raw.Wire.UntilAsync("\"mailbox\":\"b\""));
    }

    [Fact]
    public async Task A_request_whose_own_framing_breaks_is_told_what_was_stored()
    {
        using var raw = await BeginAsync();
        await raw.SayAsync(Chunk("Mailbox: b\r\n\r\ntwo\r\n--b") + "no number of bytes\r\n");
        var answer = await raw.Wire.UntilAsync("]}]}");
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"detail\":\"the body: breaks off.\",\"delivered\":[{\"to\":[{\"mailbox\":\"a\",", answer, StringComparison.Ordinal);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("b"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Nothing_of_a_part_is_delivered_whose_sender_leaves_in_the_middle()
    {
        using (var raw = await BeginAsync())
            await raw.SayAsync(Chunk("Mailbox: b\r\n\r\ntwo\r\n--b"));
        using var answer = await DeliverAsync("--b\r\nMailbox: c\r\n\r\nlater\r\n--b--");
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("b"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_made_up_token_is_refused_by_name_and_reaches_nobody()
    {
        using var answer = await DeliverAsync("--b\r\nMailbox: a\r\n\r\none\r\n--b\r\nMailbox: b\r\nMultiplex-Token: x\r\n\r\ntwo\r\n--b--\r\n");
        Assert.StartsWith("Multiplex-Token:", await Problems.OfAsync(answer, 400, "bad-token"), StringComparison.Ordinal);
        Assert.NotNull(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("b"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Each_part_of_many_is_listed_also_where_the_list_is_longer_than_is_kept_in_memory()
    {
        const int parts = 15_000;
        var body = new StringBuilder();
        for (var i = 0; i < parts; i++) body.Append("--b\r\nMailbox: m").Append(i % 10).Append("\r\nDurability: memory\r\n\r\nx\r\n");
        using var answer = await DeliverAsync(body.Append("--b--").ToString());
        Assert.Equal(200, (int)answer.StatusCode);
        var list = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.True(list.Length > 1 << 20);
        using var json = JsonDocument.Parse(list);
        var mailboxes = json.RootElement.EnumerateArray().Select(one => one.GetProperty("to")[0].GetProperty("mailbox").GetString());
        Assert.Equal(Enumerable.Range(0, parts).Select(i => $"m{i % 10}"), mailboxes);
    }

    [Fact]
    public async Task A_body_without_parts_is_an_empty_list()
    {
        using var answer = await DeliverAsync("--b--\r\n");
        Assert.Equal("[]", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_compressed_body_is_decoded_and_an_unknown_coding_is_refused()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(Bodies.Bytes("--b\r\nMailbox: a\r\n\r\none\r\n--b--\r\n"));
        using var answer = await DeliverAsync(packed.ToArray(), "gzip");
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(3, (await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken))!.Bytes);

        using var cut = await DeliverAsync(packed.ToArray()[..^20], "gzip");
        await Problems.OfAsync(cut, 400, "bad-body");
        using var unknown = await DeliverAsync(packed.ToArray(), "snappy");
        await Problems.OfAsync(unknown, 415, "unsupported-media-type");
    }

    // One part is stored, and the next one has begun.
    async Task<RawConnection> BeginAsync()
    {
        var raw = await RawConnection.SayAsync(
            _host.Address,
            "POST /deliver HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-multiplex; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
            + Chunk("--b\r\nMailbox: a\r\n\r\none\r\n--b\r\n"));
        await GatewayHost.UntilAsync(async () => await _host.Grid.GetAsync(MailboxName.Parse("a")) is { Messages: 1 });
        return raw;
    }

    static string Chunk(string text) => $"{text.Length:x}\r\n{text}\r\n";

    Task<HttpResponseMessage> DeliverAsync(string body) => DeliverAsync(Bodies.Bytes(body));

    async Task<HttpResponseMessage> DeliverAsync(byte[] body, string? coding = null)
    {
        using var content = new ByteArrayContent(body);
        if (coding is not null) content.Headers.ContentEncoding.Add(coding);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-multiplex; boundary=b");
        return await _host.Http.PostAsync("/deliver", content);
    }
}
