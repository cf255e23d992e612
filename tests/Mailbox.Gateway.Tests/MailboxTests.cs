using System.Net;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>The other routes of a mailbox (spec section 5).</summary>
public sealed class MailboxTests : IAsyncLifetime
{
    GatewayHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task The_state_tells_positions_counts_and_groups()
    {
        (await _host.SendAsync(HttpMethod.Put, "/groups/g/members/a")).Dispose();
        using var first = await _host.DeliverAsync("a", "12345");
        (await _host.DeliverAsync("a", "678")).Dispose();
        var epoch = (await Json.TextAsync(first, "position")).Split('.')[0];
        Assert.Equal(
            $$"""{"epoch":"{{epoch}}","first":"{{epoch}}.1","last":"{{epoch}}.2","acknowledged":"{{epoch}}.0","messages":2,"bytes":8,"connections":"""
            + """0,"groups":["g"],"expires":"2026-01-02T00:00:00Z"}""",
            await _host.Http.GetStringAsync("/mailboxes/a/state", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_state_of_a_mailbox_that_does_not_exist_is_404()
    {
        using var answer = await _host.Http.GetAsync("/mailboxes/a/state", TestContext.Current.CancellationToken);
        await Problems.OfAsync(answer, 404, "not-found");
        Assert.Equal("""{"mailboxes":[],"next":null}""", await _host.Http.GetStringAsync("/mailboxes", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_acknowledgement_is_cumulative_and_refuses_what_was_never_given()
    {
        (await _host.DeliverAsync("a", "1")).Dispose();
        using var second = await _host.DeliverAsync("a", "2");
        var position = await Json.TextAsync(second, "position");
        Assert.Equal(204, await StatusAsync(HttpMethod.Post, "/mailboxes/a/ack?position=" + position));
        Assert.Contains("\"messages\":0", await _host.Http.GetStringAsync("/mailboxes/a/state", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var future = await _host.SendAsync(HttpMethod.Post, $"/mailboxes/a/ack?position={position}9");
        await Problems.OfAsync(future, 400, "bad-position");
        using var other = await _host.SendAsync(HttpMethod.Post, "/mailboxes/a/ack?position=1.1");
        await Problems.OfAsync(other, 400, "bad-position");
        using var none = await _host.SendAsync(HttpMethod.Post, "/mailboxes/a/ack");
        await Problems.OfAsync(none, 400, "bad-position");
        using var missing = await _host.SendAsync(HttpMethod.Post, "/mailboxes/b/ack?position=1.1");
        await Problems.OfAsync(missing, 404, "not-found");
    }

    [Fact]
    public async Task A_message_is_deleted_by_its_position_without_a_gap()
    {
        using var first = await _host.DeliverAsync("a", "1");
        (await _host.DeliverAsync("a", "2")).Dispose();
        var path = "/mailboxes/a/messages/" + await Json.TextAsync(first, "position");
        Assert.Equal(204, await StatusAsync(HttpMethod.Delete, path));
        Assert.Equal(404, await StatusAsync(HttpMethod.Delete, path));
        Assert.Equal(400, await StatusAsync(HttpMethod.Delete, "/mailboxes/a/messages/first"));
        Assert.Equal(405, await StatusAsync(HttpMethod.Get, path));
        var read = await _host.Http.GetStringAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("\"gap\"", read, StringComparison.Ordinal);
        Assert.Contains("\"data\":\"2\"", read, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removed_mailbox_ends_its_connections_and_is_gone()
    {
        using var stream = await _host.OpenAsync("/mailboxes/a", "text/event-stream");
        Assert.Equal(204, await StatusAsync(HttpMethod.Delete, "/mailboxes/a"));
        Assert.Contains("retry: 86400000\nevent: mailbox.closed\ndata: {\"reason\":\"deleted\"", await stream.RestAsync(), StringComparison.Ordinal);
        Assert.Equal(404, await StatusAsync(HttpMethod.Delete, "/mailboxes/a"));
    }

    [Fact]
    public async Task Names_are_listed_in_pages()
    {
        foreach (var name in (string[])["b", "a", "c"]) (await _host.DeliverAsync(name, "x")).Dispose();
        Assert.Equal("""{"mailboxes":["a","b"],"next":"b"}""", await _host.Http.GetStringAsync("/mailboxes?limit=2", TestContext.Current.CancellationToken));
        Assert.Equal("""{"mailboxes":["c"],"next":null}""", await _host.Http.GetStringAsync("/mailboxes?limit=2&after=b", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"idle":0}""")]
    [InlineData("""{"idle":2592001}""")]
    [InlineData("""{"idle":"1"}""")]
    [InlineData("""{"overflow":"burst"}""")]
    [InlineData("""{"maxMessages":0}""")]
    [InlineData("""{"maxMessages":1000001}""")]
    [InlineData("""{"maxBytes":1073741825}""")]
    [InlineData("""{"colour":1}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""[]""")]
    public async Task Options_that_are_not_valid_are_400_and_make_no_mailbox(string body)
    {
        using var answer = await _host.SendAsync(HttpMethod.Put, "/mailboxes/a", Encoding.UTF8.GetBytes(body));
        await Problems.OfAsync(answer, 400, "bad-body");
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Options_are_kept()
    {
        Assert.Equal(204, await StatusAsync(HttpMethod.Put, "/mailboxes/a", """{"idle":60,"overflow":"drop-newest","maxMessages":5,"maxBytes":100}"""));
        var info = await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken);
        Assert.Equal(new(TimeSpan.FromMinutes(1), OverflowPolicy.DropNewest, 5, 100), info!.Options);
    }

    [Theory]
    [InlineData("HEAD", "/mailboxes/a")]
    [InlineData("PATCH", "/mailboxes/a")]
    [InlineData("POST", "/mailboxes")]
    [InlineData("GET", "/mailboxes/a/ack")]
    [InlineData("PUT", "/mailboxes/a/state")]
    [InlineData("PUT", "/groups/g")]
    [InlineData("GET", "/groups/g/members")]
    [InlineData("POST", "/groups/g/members/a")]
    public async Task A_method_that_a_route_does_not_have_is_405_without_effect(string method, string path)
    {
        using var answer = await _host.SendAsync(new(method), path);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.NotEmpty(answer.Content.Headers.Allow);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/mailboxes/a/b")]
    [InlineData("/mailboxes/a/state/x")]
    [InlineData("/mailboxes/a/messages/1.1/x")]
    [InlineData("/groups")]
    [InlineData("/groups/g/other")]
    public async Task A_route_that_does_not_exist_is_404(string path)
    {
        using var answer = await _host.Http.GetAsync(path, TestContext.Current.CancellationToken);
        await Problems.OfAsync(answer, 404, "not-found");
    }

    async Task<int> StatusAsync(HttpMethod method, string path, string? body = null)
    {
        using var answer = await _host.SendAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body));
        return (int)answer.StatusCode;
    }
}
