namespace Mailbox.Gateway.Tests;

/// <summary>What each outcome of the grid becomes (docs/protocol.md, "Problems").</summary>
public sealed class OutcomeTests
{
    [Theory]
    [InlineData(Outcome.TooLarge, 413, "too-large", false)]
    [InlineData(Outcome.TooManyKeys, 429, "too-many-keys", true)]
    [InlineData(Outcome.Overloaded, 503, "overloaded", true)]
    [InlineData(Outcome.StoreFull, 507, "store-full", true)]
    [InlineData(Outcome.StoreFailed, 503, "store-failed", true)]
    [InlineData(Outcome.NotOwner, 503, "moved", true)]
    [InlineData(Outcome.Stopping, 503, "draining", true)]
    public async Task An_outcome_is_a_problem_for_every_route_that_writes(Outcome outcome, int status, string name, bool canRetry)
    {
        var grid = new ScriptedGrid { Outcome = outcome };
        await using var host = await GatewayHost.StartAsync(grid: grid);
        using var deliver = await host.DeliverAsync("a", "x");
        await Problems.OfAsync(deliver, status, name);
        Assert.Equal(canRetry, deliver.Headers.RetryAfter is not null);
        using var send = await host.SendAsync(HttpMethod.Post, "/groups/g", [1]);
        await Problems.OfAsync(send, status, name);
        using var join = await host.SendAsync(HttpMethod.Put, "/groups/g/members/a");
        await Problems.OfAsync(join, status, name);
        using var remove = await host.SendAsync(HttpMethod.Delete, "/mailboxes/a");
        await Problems.OfAsync(remove, status, name);
    }

    [Fact]
    public async Task An_open_that_cannot_be_answered_now_is_503_but_an_event_stream_that_says_so_and_ends()
    {
        await using var host = await GatewayHost.StartAsync(grid: new ScriptedGrid { Open = OpenOutcome.Unavailable });
        using var poll = await host.Http.GetAsync("/mailboxes/a", TestContext.Current.CancellationToken);
        await Problems.OfAsync(poll, 503, "store-failed");
        Assert.NotNull(poll.Headers.RetryAfter);
        using var stream = await host.OpenAsync("/mailboxes/a", "text/event-stream");
        Assert.Equal(200, (int)stream.Response.StatusCode);
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.ToString());
        Assert.Matches("^retry: [0-9]+\nevent: mailbox.closed\ndata: {\"reason\":\"unavailable\",\"reconnect\":true,\"after\":5}\n\n$", await stream.RestAsync());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    [InlineData("application/x-ndjson")]
    public async Task Who_was_told_to_stay_away_gets_204(string accept)
    {
        await using var host = await GatewayHost.StartAsync(grid: new ScriptedGrid { Open = OpenOutcome.StayAway });
        using var answer = await host.OpenAsync("/mailboxes/a", accept);
        Assert.Equal(204, (int)answer.Response.StatusCode);
    }

    [Fact]
    public async Task A_fault_of_the_grid_is_a_500_problem_and_the_next_request_is_answered()
    {
        var grid = new ScriptedGrid { Fault = new InvalidOperationException("A defect.") };
        await using var host = await GatewayHost.StartAsync(grid: grid);
        using var failed = await host.Http.GetAsync("/mailboxes/a/state", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("defect", await Problems.OfAsync(failed, 500, "failed"), StringComparison.Ordinal);
        grid.Fault = new Storage.StoreException("The disk is gone.");
        using var unreadable = await host.Http.GetAsync("/mailboxes/a/state", TestContext.Current.CancellationToken);
        await Problems.OfAsync(unreadable, 503, "store-failed");
        grid.Fault = null;
        using var missing = await host.Http.GetAsync("/mailboxes/a/state", TestContext.Current.CancellationToken);
        await Problems.OfAsync(missing, 404, "not-found");
    }

    [Fact]
    public async Task The_server_is_ready_while_its_grid_is()
    {
        var grid = new ScriptedGrid();
        await using var host = await GatewayHost.StartAsync(grid: grid);
        using var ready = await host.Http.GetAsync("/readyz", TestContext.Current.CancellationToken);
        Assert.Equal("ready\n", await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        grid.IsReady = false;
        using var unready = await host.Http.GetAsync("/readyz", TestContext.Current.CancellationToken);
        await Problems.OfAsync(unready, 503, "store-failed");
        Assert.Equal("ok\n", await host.Http.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
        Assert.Equal(0, host.Measure("mailbox.gateway.ready"));
    }
}
