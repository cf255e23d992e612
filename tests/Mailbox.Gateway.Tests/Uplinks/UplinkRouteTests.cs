using System.Net;
using System.Text;
using Mailbox.Engine;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway.Tests;

/// <summary><c>POST /mailboxes/{mailbox}/uplink</c> (spec sections 5 and 6).</summary>
public sealed class UplinkRouteTests
{
    static readonly (string, string) s_key = ("Idempotency-Key", "k1");

    [Fact]
    public async Task What_a_client_says_goes_to_the_backend_and_its_answer_comes_back()
    {
        await using var backend = await Listener.StartAsync();
        backend.Answer = static (http, _) =>
        {
            http.Response.StatusCode = 418;
            http.Response.Headers["X-Pot"] = "short";
            return http.Response.WriteAsync("tea");
        };
        await using var host = await StartAsync(backend);
        var answer = await SayAsync(host, "hello", ("Content-Type", "text/plain"));
        Assert.Equal((418, "tea", "short"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.GetValues("X-Pot").Single()));
        var heard = Assert.Single(backend.Heard);
        Assert.Equal(("POST", "hello", "a", "text/plain"), (heard.Method, heard.Body, heard.Headers["Mailbox"], heard.Headers["Content-Type"]));
        Assert.NotEmpty(heard.Headers["Uplink-Id"]);
        Assert.NotEmpty(heard.Headers["Multiplex-Token"]);
    }

    [Fact, Trait("Rule", "M13")]
    public async Task A_key_is_recorded_once_and_refuses_another_message()
    {
        await using var backend = await Listener.StartAsync();
        await using var host = await StartAsync(backend);
        Assert.Equal(HttpStatusCode.OK, (await SayAsync(host, "1", s_key)).StatusCode);
        var repeated = await SayAsync(host, "1", s_key);
        Assert.Equal(HttpStatusCode.OK, repeated.StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SayAsync(host, "2", s_key)).StatusCode);
        Assert.Equal(MailboxUplinks.IdOf(MailboxName.Parse("a"), "k1"), Assert.Single(backend.Heard).Headers["Uplink-Id"]);
        Assert.Contains("\"recorded\":true", await repeated.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backend_that_is_down_is_503_and_nothing_is_recorded()
    {
        var backend = await Listener.StartAsync();
        await using var host = await StartAsync(backend);
        await backend.DisposeAsync();
        var answer = await SayAsync(host, "1", s_key);
        await Problems.OfAsync(answer, 503, "backend-down");
        Assert.NotNull(answer.Headers.RetryAfter);
        await using var again = await Listener.StartAsync(backend.Url);
        Assert.Equal(HttpStatusCode.OK, (await SayAsync(host, "1", s_key)).StatusCode);
        Assert.Single(again.Heard);
    }

    [Fact]
    public async Task What_failed_at_the_backend_is_forwarded_again_under_the_same_id()
    {
        await using var backend = await Listener.StartAsync();
        backend.Answer = static (http, _) =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await using var host = await StartAsync(backend);
        Assert.Equal(HttpStatusCode.InternalServerError, (await SayAsync(host, "1", s_key)).StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, (await SayAsync(host, "1", s_key)).StatusCode);
        Assert.Equal(2, backend.Heard.Count);
        Assert.Single(backend.Heard.Select(static heard => heard.Headers["Uplink-Id"]).Distinct());
    }

    [Fact]
    public async Task Without_a_backend_it_is_refused()
    {
        await using var host = await GatewayHost.StartAsync();
        await Problems.OfAsync(await SayAsync(host, "1"), 404, "no-backend");
    }

    [Fact]
    public async Task Without_a_url_it_is_recorded_for_whoever_takes_uplinks()
    {
        await using var host = await GatewayHost.StartAsync();
        await host.Grid.ChangeMembersAsync(MailboxUplinks.Group, [MailboxUplinks.TakerNamed("t")], []);
        Assert.Equal(HttpStatusCode.Accepted, (await SayAsync(host, "1", s_key)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await SayAsync(host, "1", s_key)).StatusCode);
        Assert.Equal(1, (await host.Grid.GetAsync(MailboxUplinks.TakerNamed("t")))!.Messages);
    }

    [Fact]
    public async Task Others_who_take_uplinks_get_what_the_backend_has_answered()
    {
        await using var backend = await Listener.StartAsync();
        await using var host = await StartAsync(backend);
        await host.Grid.ChangeMembersAsync(MailboxUplinks.Group, [MailboxUplinks.TakerNamed("t")], []);
        await SayAsync(host, "1");
        Assert.Equal(1, (await host.Grid.GetAsync(MailboxUplinks.TakerNamed("t")))!.Messages);
        Assert.Single(backend.Heard);
    }

    [Fact]
    public async Task An_answer_of_parts_is_delivered_and_the_part_without_an_address_is_the_answer()
    {
        await using var backend = await Listener.StartAsync();
        backend.Answer = static (http, _) =>
        {
            http.Response.ContentType = "application/x-multiplex; boundary=b";
            return http.Response.WriteAsync("--b\r\nMailbox: z\r\n\r\nletter\r\n--b\r\nStatus: 202 Accepted\r\n\r\nyours\r\n--b--\r\n");
        };
        await using var host = await StartAsync(backend);
        var answer = await SayAsync(host, "1");
        Assert.Equal((202, "yours"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal(1, (await host.Grid.GetAsync(MailboxName.Parse("z")))!.Messages);
    }

    [Fact]
    public async Task Numbered_uplinks_are_forwarded_in_order_however_often_the_backend_fails()
    {
        await using var backend = await Listener.StartAsync();
        var failures = 3;
        backend.Answer = (http, _) =>
        {
            if (Interlocked.Decrement(ref failures) >= 0) http.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await using var host = await StartAsync(backend);
        await GatewayHost.UntilAsync(async () => await TellAsync(host, 1, 2, 3) == Outcome.Stored);
        await GatewayHost.UntilAsync(async () =>
        {
            for (var i = 0; i < 8; i++) await host.Http.GetStringAsync("/healthz");
            host.Time.Advance(TimeSpan.FromSeconds(1));
            return backend.Heard.Count == 6;
        });
        Assert.Equal("1 1 1 1 2 3", string.Join(' ', backend.Heard.Select(static heard => heard.Body)));
        Assert.Equal(3, backend.Heard.Select(static heard => heard.Headers["Uplink-Id"]).Distinct().Count());
        await GatewayHost.UntilAsync(async () => (await host.Grid.GetAsync(MailboxUplinks.TakerNamed("backend")))!.Messages == 0);
    }

    static async Task<Outcome> TellAsync(GatewayHost host, params int[] numbers) => (await host.Grid.UplinkAsync(
        MailboxName.Parse("a"), new("c", [.. numbers.Select(static n => new UplinkDraft { Number = n, Body = Encoding.UTF8.GetBytes($"{n}") })]))).Outcome;

    static Task<GatewayHost> StartAsync(Listener backend) => GatewayHost.StartAsync(new() { Uplink = backend.Url });

    static Task<HttpResponseMessage> SayAsync(GatewayHost host, string text, params (string, string)[] headers) =>
        host.SendAsync(HttpMethod.Post, "/mailboxes/a/uplink", Encoding.UTF8.GetBytes(text), headers);
}
