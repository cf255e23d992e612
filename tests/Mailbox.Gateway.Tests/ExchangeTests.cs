using System.Net;
using System.Text;
using System.Text.Json;

namespace Mailbox.Gateway.Tests;

/// <summary>Ping-pong: one request carries what the client says and is parked for what it is told (spec section 5).</summary>
public sealed class ExchangeTests
{
    [Fact]
    public async Task An_exchange_answers_as_a_poll_with_what_was_accepted()
    {
        await using var host = await GatewayHost.StartAsync();
        (await host.DeliverAsync("a", "hello", ("Content-Type", "text/plain"))).Dispose();
        using var answer = await SendAsync(host, """{"client":"c","wait":25}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("no-store, no-transform", answer.Headers.GetValues("Cache-Control").Single());
        Assert.Matches("""^\{"position":"[0-9a-f]+\.1","messages":\[\{[^\]]+"data":"hello"\}\],"uplink":0\}$""", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_parked_exchange_answers_when_a_message_comes()
    {
        await using var host = await GatewayHost.StartAsync();
        var parked = SendAsync(host, """{"client":"c","wait":25}""");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        Assert.Equal(1, host.Measure("mailbox.gateway.connections", "exchange"));
        (await host.DeliverAsync("a", "now")).Dispose();
        Assert.Equal(["now"], (await AnswerOf(parked)).Texts);
    }

    [Fact]
    public async Task A_parked_exchange_goes_home_empty_when_its_wait_is_over()
    {
        await using var host = await GatewayHost.StartAsync();
        var parked = SendAsync(host, """{"client":"c","wait":7}""");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        host.Time.Pass(TimeSpan.FromSeconds(6));
        Assert.False(parked.IsCompleted);
        host.Time.Pass(TimeSpan.FromSeconds(2));
        var answer = await AnswerOf(parked);
        Assert.Empty(answer.Texts);
        Assert.EndsWith(".0", answer.Position, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exchange_that_does_not_wait_answers_at_once()
    {
        await using var host = await GatewayHost.StartAsync();
        Assert.Empty((await AnswerOf(SendAsync(host, """{"client":"c","wait":0}"""))).Texts);
        (await host.DeliverAsync("a", "1")).Dispose();
        Assert.Equal(["1"], (await AnswerOf(SendAsync(host, """{"client":"c","wait":0}"""))).Texts);
    }

    [Fact]
    public async Task The_newer_exchange_sends_the_older_home_which_confirms_what_the_newer_brought()
    {
        await using var host = await GatewayHost.StartAsync();
        await Taker.JoinAsync(host);
        var older = SendAsync(host, """{"client":"c","wait":25,"uplink":[{"n":1,"data":"one"}]}""");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        var newer = SendAsync(host, """{"client":"c","wait":25,"uplink":[{"n":2,"data":{"x":2}},{"n":3,"data":"AAE=","encoding":"base64"}]}""");
        var home = await AnswerOf(older);
        Assert.Equal((3, false), (home.Uplink, home.IsClosed));
        Assert.Empty(home.Texts);
        Assert.Equal(1, host.Held.Count);
        (await host.DeliverAsync("a", "for the newer")).Dispose();
        Assert.Equal(["for the newer"], (await AnswerOf(newer)).Texts);
        Assert.Equal(
            [(1, "text/plain", "one"), (2, "application/json", "{\"x\":2}"), (3, "application/octet-stream", "\0\u0001")],
            (await Taker.ReadAsync(host)).Select(letter => ((int)letter.Number!, letter.ContentType, Encoding.UTF8.GetString(letter.Body.Span))));
    }

    [Fact]
    public async Task Exchanges_of_other_clients_stay_where_they_are()
    {
        await using var host = await GatewayHost.StartAsync();
        var one = SendAsync(host, """{"client":"one","wait":25}""");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        var two = SendAsync(host, """{"client":"two","wait":25}""");
        await GatewayHost.UntilAsync(() => host.Held.Count == 2);
        (await host.DeliverAsync("a", "both")).Dispose();
        Assert.Equal(["both"], (await AnswerOf(one)).Texts);
        Assert.Equal(["both"], (await AnswerOf(two)).Texts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_was_lost_is_repeated_because_the_position_did_not_advance(bool hasPosition)
    {
        await using var host = await GatewayHost.StartAsync();
        await Taker.JoinAsync(host);
        var after = hasPosition ? (await AnswerOf(SendAsync(host, """{"client":"c","wait":0}"""))).Position : null;
        var body = JsonSerializer.Serialize(new { client = "c", after, wait = 25, uplink = new[] { new { n = 1, data = "once" } } });
        (await host.DeliverAsync("a", "again")).Dispose();
        for (var i = 0; i < 3; i++)
        {
            var answer = await AnswerOf(SendAsync(host, body));
            Assert.Equal(["again"], answer.Texts);
            Assert.Equal(1, answer.Uplink);
        }
        Assert.Single(await Taker.ReadAsync(host));
    }

    [Fact]
    public async Task Going_on_from_a_position_acknowledges_it()
    {
        await using var host = await GatewayHost.StartAsync();
        (await host.DeliverAsync("a", "1")).Dispose();
        var first = await AnswerOf(SendAsync(host, """{"client":"c"}"""));
        var second = await AnswerOf(SendAsync(host, $$"""{"client":"c","after":"{{first.Position}}","wait":0}"""));
        Assert.Empty(second.Texts);
        Assert.Contains("\"messages\":0", await host.Http.GetStringAsync("/mailboxes/a/state", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_takes_what_clients_say_it_is_refused_and_the_parked_exchange_stays()
    {
        await using var host = await GatewayHost.StartAsync();
        var parked = SendAsync(host, """{"client":"c"}""");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        using var refused = await SendAsync(host, """{"client":"c","uplink":[{"n":1,"data":1}]}""");
        await Problems.OfAsync(refused, 404, "no-backend");
        Assert.Equal("0", await Json.TextAsync(refused, "uplink"));
        Assert.Equal(1, host.Held.Count);
        (await host.DeliverAsync("a", "1")).Dispose();
        Assert.Equal(["1"], (await AnswerOf(parked)).Texts);
    }

    [Fact]
    public async Task A_takeover_sends_the_exchange_home_for_good()
    {
        await using var host = await GatewayHost.StartAsync();
        var parked = SendAsync(host, """{"client":"c"}""");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        using var other = await host.OpenAsync("/mailboxes/a?conflict=takeover", "text/event-stream");
        Assert.True((await AnswerOf(parked)).IsClosed);
        using var again = await SendAsync(host, """{"client":"c"}""");
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
    }

    [Theory]
    [InlineData("{}", "bad-body", "client")]
    [InlineData("""{"client":"a b"}""", "bad-body", "client")]
    [InlineData("""{"client":"\ud800"}""", "bad-body", "client")]
    [InlineData("""{"client":"c","x":1}""", "bad-body", "x")]
    [InlineData("""{"client":"c","after":"nonsense"}""", "bad-position", "after")]
    [InlineData("""{"client":"c","wait":-1}""", "bad-body", "wait")]
    [InlineData("""{"client":"c","uplink":{}}""", "bad-body", "uplink")]
    [InlineData("""{"client":"c","uplink":[{"data":1}]}""", "bad-body", "uplink[0].n")]
    [InlineData("""{"client":"c","uplink":[{"n":0,"data":1}]}""", "bad-body", "uplink[0].n")]
    [InlineData("""{"client":"c","uplink":[{"n":2},{"n":3,"data":1}]}""", "bad-body", "uplink[0].data")]
    [InlineData("""{"client":"c","uplink":[{"n":1,"data":"*","encoding":"base64"}]}""", "bad-body", "uplink[0].data")]
    [InlineData("""{"client":"c","uplink":[{"n":1,"data":"x","encoding":"gzip"}]}""", "bad-body", "uplink[0].encoding")]
    [InlineData("""{"client":"c","uplink":[{"n":1,"data":"x","contentType":"\r\n"}]}""", "bad-body", "uplink[0].contentType")]
    [InlineData("[]", "bad-body", "the exchange")]
    public async Task What_is_not_an_exchange_is_told_why(string body, string problem, string field)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await SendAsync(host, body);
        Assert.StartsWith(field + ":", await Problems.OfAsync(answer, 400, problem), StringComparison.Ordinal);
    }

    // docs/protocol.md, "Exchange": the client learns from `uplink` which one it is that is refused.
    [Theory]
    [InlineData("""{"n":2}""", 400, "bad-body")]
    [InlineData("""{"n":2,"data":"\ud83d"}""", 400, "bad-body")]
    [InlineData("LONG", 413, "too-large")]
    public async Task What_is_before_a_message_that_cannot_be_taken_is_recorded_and_what_is_behind_it_is_not(string bad, int status, string problem)
    {
        await using var host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 3000 });
        await Taker.JoinAsync(host);
        if (bad == "LONG") bad = $$"""{"n":2,"data":"{{new string('x', 3500)}}"}""";
        using var refused = await SendAsync(host, $$"""{"client":"c","wait":0,"uplink":[{"n":1,"data":1},{{bad}},{"n":3,"data":3}]}""");
        await Problems.OfAsync(refused, status, problem);
        Assert.Equal("1", await Json.TextAsync(refused, "uplink"));
        Assert.Equal([1L], (await Taker.ReadAsync(host)).Select(one => one.Number!.Value));
    }

    [Fact]
    public async Task An_exchange_above_the_bound_is_413()
    {
        await using var host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 3000 });
        using var answer = await SendAsync(host, $$"""{"client":"c","uplink":[{"n":1,"data":"{{new string('x', 9000)}}"}]}""");
        await Problems.OfAsync(answer, 413, "too-large");
    }

    [Fact]
    public async Task A_shutdown_sends_the_exchange_home_and_takes_no_more()
    {
        await using var host = await GatewayHost.StartAsync();
        var parked = SendAsync(host, """{"client":"c"}""");
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        var drained = host.Held.DrainAsync(TimeSpan.FromSeconds(20));
        using var refused = await SendAsync(host, """{"client":"c"}""");
        await Problems.OfAsync(refused, 503, "draining");
        host.Time.Pass(TimeSpan.FromSeconds(1));
        Assert.True((await AnswerOf(parked)).IsClosed);
        await drained.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
    }

    static Task<HttpResponseMessage> SendAsync(GatewayHost host, string body) =>
        host.SendAsync(HttpMethod.Post, "/mailboxes/a/exchange", Encoding.UTF8.GetBytes(body), ("Content-Type", "application/json"));

    static async Task<(string Position, string[] Texts, long Uplink, bool IsClosed)> AnswerOf(Task<HttpResponseMessage> answering)
    {
        using var answer = await answering.WaitAsync(GatewayHost.Patience);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var root = json.RootElement;
        return (root.GetProperty("position").GetString()!, [.. root.GetProperty("messages").EnumerateArray().Select(one => one.GetProperty("data").ToString())],
            root.GetProperty("uplink").GetInt64(), root.TryGetProperty("closed", out _));
    }
}
