using System.Net;

namespace Mailbox.Gateway.Tests;

/// <summary>Polls and long-polls (spec section 5).</summary>
public sealed class PollTests
{
    static readonly string[] s_jsonAccepts = ["application/json", "*/*", "application/*;q=0.2"];

    [Fact]
    public async Task A_poll_answers_at_once_with_what_there_is()
    {
        await using var host = await GatewayHost.StartAsync();
        using var none = await host.Http.GetAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken);
        Assert.Matches("^{\"position\":\"[0-9a-f]+\\.0\",\"messages\":\\[\\]}$", await none.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using var first = await host.DeliverAsync("a", "one", ("Content-Type", "text/plain"));
        using var second = await host.DeliverAsync("a", "two", ("Content-Type", "text/plain"));
        var epoch = (await Json.TextAsync(first, "position")).Split('.')[0];
        using var both = await host.Http.GetAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken);
        Assert.Equal(
            $$"""{"position":"{{epoch}}.2","messages":[{"position":"{{epoch}}.1","contentType":"text/plain","at":"2026-01-01T00:00:00Z","data":"one"},"""
            + $$"""{"position":"{{epoch}}.2","contentType":"text/plain","at":"2026-01-01T00:00:00Z","data":"two"}]}""",
            await both.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Every_answer_that_carries_messages_is_not_to_be_stored_or_collected()
    {
        await using var host = await GatewayHost.StartAsync();
        using var poll = await host.Http.GetAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken);
        Assert.Equal("no-store, no-transform", poll.Headers.GetValues("Cache-Control").Single());
        Assert.Equal("no", poll.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.False(poll.Headers.Contains("Server"));
    }

    [Fact]
    public async Task A_limit_is_kept_and_the_next_poll_goes_on()
    {
        await using var host = await GatewayHost.StartAsync();
        foreach (var text in (string[])["a", "b", "c"]) (await host.DeliverAsync("m", text)).Dispose();
        var first = await host.Http.GetStringAsync("/mailboxes/m?wait=0&limit=2", TestContext.Current.CancellationToken);
        Assert.Contains("\"data\":\"b\"}]}", first, StringComparison.Ordinal);
        var position = first["{\"position\":\"".Length..first.IndexOf("\",\"messages\"", StringComparison.Ordinal)];
        var second = await host.Http.GetStringAsync($"/mailboxes/m?wait=0&after={position}", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("\"data\":\"b\"", second, StringComparison.Ordinal);
        Assert.Contains("\"data\":\"c\"}]}", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_poll_answers_as_soon_as_there_is_a_message()
    {
        await using var host = await GatewayHost.StartAsync();
        var poll = host.Http.GetStringAsync("/mailboxes/a", TestContext.Current.CancellationToken);
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        using var delivered = await host.DeliverAsync("a", "now");
        Assert.Equal("1", await Json.TextAsync(delivered, "connections"));
        Assert.Contains("\"data\":\"now\"", await poll, StringComparison.Ordinal);
        await GatewayHost.UntilAsync(() => host.Held.Count == 0);
    }

    [Theory]
    [InlineData("", 25)]
    [InlineData("?wait=3", 3)]
    [InlineData("?wait=9999999", 300)]
    public async Task A_long_poll_that_has_waited_answers_empty_with_its_position(string query, int seconds)
    {
        await using var host = await GatewayHost.StartAsync();
        var poll = host.Http.GetStringAsync("/mailboxes/a" + query, TestContext.Current.CancellationToken);
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        host.Time.Pass(TimeSpan.FromSeconds(seconds - 1));
        Assert.Equal(1, host.Held.Count);
        host.Time.Pass(TimeSpan.FromSeconds(2));
        Assert.Matches("^{\"position\":\"[0-9a-f]+\\.0\",\"messages\":\\[\\]}$", await poll);
    }

    [Fact]
    public async Task A_preference_to_wait_is_heard()
    {
        await using var host = await GatewayHost.StartAsync();
        using var poll = await host.OpenAsync("/mailboxes/a", "application/json", ("Prefer", "respond-async, wait=0"));
        Assert.EndsWith("\"messages\":[]}", await poll.RestAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wait=1, foo=bar")]
    [InlineData("foo; bar, Wait = \"1\"")]
    [InlineData("wait=1; x=\"a, wait=9\"")]
    [InlineData("foo=\"a \\\", wait=9\", wait=1, wait=7")]
    [InlineData("wait, wait=soon, wait=1")]
    public async Task A_preference_to_wait_is_heard_among_others(string prefer)
    {
        await using var host = await GatewayHost.StartAsync();
        var poll = host.OpenAsync("/mailboxes/a", "application/json", ("Prefer", prefer));
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        host.Time.Pass(TimeSpan.FromSeconds(2));
        using var answer = await poll;
        Assert.EndsWith("\"messages\":[]}", await answer.RestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_way_to_ask_for_JSON_is_a_poll()
    {
        await using var host = await GatewayHost.StartAsync();
        foreach (var accept in s_jsonAccepts)
        {
            using var poll = await host.OpenAsync("/mailboxes/a?wait=0", accept);
            Assert.Equal("application/json", poll.Response.Content.Headers.ContentType!.ToString());
        }
    }

    [Fact]
    public async Task A_media_type_that_is_not_offered_is_406_and_opens_nothing()
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.SendAsync(HttpMethod.Get, "/mailboxes/a", headers: ("Accept", "text/html"));
        await Problems.OfAsync(answer, 406, "not-acceptable");
        Assert.Null(await host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("after=nonsense", "bad-position")]
    [InlineData("after=12.-1", "bad-position")]
    [InlineData("limit=0", "bad-parameter")]
    [InlineData("limit=1001", "bad-parameter")]
    [InlineData("wait=soon", "bad-parameter")]
    [InlineData("wait=-1", "bad-parameter")]
    [InlineData("from=here", "bad-parameter")]
    [InlineData("conflict=fight", "bad-parameter")]
    [InlineData("client=a/b", "bad-parameter")]
    [InlineData("idle=0", "bad-parameter")]
    [InlineData("limit=1&limit=2", "bad-parameter")]
    [InlineData("after=", "bad-parameter")]
    [InlineData("limit=", "bad-parameter")]
    [InlineData("wait=", "bad-parameter")]
    [InlineData("from=&wait=0", "bad-parameter")]
    [InlineData("client", "bad-parameter")]
    [InlineData("after=1.1%00", "bad-position")]
    [InlineData("after=1%00.1", "bad-position")]
    [InlineData("limit=5%00", "bad-parameter")]
    [InlineData("wait=0%00%00", "bad-parameter")]
    [InlineData("idle=60%00", "bad-parameter")]
    public async Task A_parameter_that_is_not_valid_is_400(string query, string name)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.Http.GetAsync("/mailboxes/a?" + query, TestContext.Current.CancellationToken);
        Assert.StartsWith(query.Split('=')[0] + ": ", await Problems.OfAsync(answer, 400, name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gap_stands_beside_the_messages()
    {
        var grid = new ScriptedGrid();
        grid.Reader.Give(ScriptedReader.Gap(0, 2, GapReason.Overflow), ScriptedReader.Letter(3, "a"));
        await using var host = await GatewayHost.StartAsync(grid: grid);
        Assert.Equal(
            """{"position":"1.3","gap":{"from":"1.0","to":"1.2","reason":"overflow"},"messages":["""
            + """{"position":"1.3","contentType":"text/plain","at":"1970-01-01T00:00:00Z","data":"a"}]}""",
            await host.Http.GetStringAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_gap_alone_is_an_answer()
    {
        var grid = new ScriptedGrid();
        grid.Reader.Give(ScriptedReader.Gap(0, 2, GapReason.Acknowledged));
        await using var host = await GatewayHost.StartAsync(grid: grid);
        Assert.Equal("""{"position":"1.2","gap":{"from":"1.0","to":"1.2","reason":"acknowledged"},"messages":[]}""", await host.Http.GetStringAsync("/mailboxes/a", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_parked_poll_is_told_why_it_ends()
    {
        await using var host = await GatewayHost.StartAsync();
        var poll = host.Http.GetStringAsync("/mailboxes/a", TestContext.Current.CancellationToken);
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        using var removed = await host.SendAsync(HttpMethod.Delete, "/mailboxes/a");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.EndsWith("\"messages\":[],\"closed\":{\"reason\":\"deleted\",\"reconnect\":false,\"after\":0}}", await poll, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_poll_whose_client_left_gives_its_reader_back()
    {
        await using var host = await GatewayHost.StartAsync();
        var raw = await RawConnection.SayAsync(host.Address, "GET /mailboxes/a HTTP/1.1\r\nHost: x\r\n\r\n");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        raw.Dispose();
        await GatewayHost.UntilAsync(() => host.Held.Count == 0);
        Assert.Contains("\"contentType\"", await Delivered(host), StringComparison.Ordinal);
    }

    static async Task<string> Delivered(GatewayHost host)
    {
        (await host.DeliverAsync("a", "kept")).Dispose();
        return await host.Http.GetStringAsync("/mailboxes/a?wait=0");
    }
}
