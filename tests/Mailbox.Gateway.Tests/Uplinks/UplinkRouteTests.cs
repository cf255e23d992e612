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
        Assert.Equal((418, "tea", "short"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), answer.Headers.GetValues("X-Pot").Single()));
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
        Assert.Contains("\"recorded\":true", await repeated.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
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
        await host.Grid.ChangeMembersAsync(MailboxUplinks.Group, [MailboxUplinks.TakerNamed("t")], [], TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, (await SayAsync(host, "1", s_key)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await SayAsync(host, "1", s_key)).StatusCode);
        Assert.Equal(1, (await host.Grid.GetAsync(MailboxUplinks.TakerNamed("t"), TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task Others_who_take_uplinks_get_what_the_backend_has_answered()
    {
        await using var backend = await Listener.StartAsync();
        await using var host = await StartAsync(backend);
        await host.Grid.ChangeMembersAsync(MailboxUplinks.Group, [MailboxUplinks.TakerNamed("t")], [], TestContext.Current.CancellationToken);
        await SayAsync(host, "1");
        Assert.Equal(1, (await host.Grid.GetAsync(MailboxUplinks.TakerNamed("t"), TestContext.Current.CancellationToken))!.Messages);
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
        Assert.Equal((202, "yours"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        Assert.Equal(1, (await host.Grid.GetAsync(MailboxName.Parse("z"), TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_502_and_what_was_whole_is_delivered()
    {
        await using var backend = await Listener.StartAsync();
        backend.Answer = static (http, _) =>
        {
            http.Response.ContentType = "application/x-multiplex; boundary=b";
            return http.Response.WriteAsync("--b\r\nMailbox: z\r\n\r\nletter\r\n--b\r\n\r\nyou");
        };
        await using var host = await StartAsync(backend);
        await Problems.OfAsync(await SayAsync(host, "1", s_key), 502, "backend-failed");
        Assert.Equal(1, (await host.Grid.GetAsync(MailboxName.Parse("z"), TestContext.Current.CancellationToken))!.Messages);
        Assert.Equal(HttpStatusCode.OK, (await SayAsync(host, "1", s_key)).StatusCode);
        Assert.Single(backend.Heard);
    }

    [Fact, Trait("Rule", "M13")]
    public async Task While_the_first_with_a_key_is_under_way_others_wait_for_it()
    {
        await using var backend = await Listener.StartAsync();
        var answering = new TaskCompletionSource();
        backend.Answer = (_, _) => answering.Task;
        await using var host = await StartAsync(backend);
        Task<HttpResponseMessage>[] said = [.. Enumerable.Range(0, 10).Select(_ => SayAsync(host, "1", s_key))];
        await GatewayHost.UntilAsync(() => !backend.Heard.IsEmpty);
        answering.SetResult();
        Assert.All(await Task.WhenAll(said), static answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Single(backend.Heard);
    }

    [Fact]
    public async Task The_application_behind_the_gateway_is_the_backend_where_no_other_is_named()
    {
        await using var backend = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync(backend: new() { Url = new Uri(backend.Url).GetLeftPart(UriPartial.Authority), Uplink = "/said?by=client" });
        backend.Answer = static (http, _) => http.Response.WriteAsync($"{http.Request.Path}{http.Request.QueryString}");
        var answer = await SayAsync(host, "hello");
        Assert.Equal("/said?by=client", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("hello", Assert.Single(backend.Heard).Body);
    }

    static Task<GatewayHost> StartAsync(Listener backend) => GatewayHost.StartAsync(new() { Uplink = backend.Url });

    static Task<HttpResponseMessage> SayAsync(GatewayHost host, string text, params (string, string)[] headers) =>
        host.SendAsync(HttpMethod.Post, "/mailboxes/a/uplink", Encoding.UTF8.GetBytes(text), headers);
}
