using System.Net;
using System.Text;
using Mailbox.Engine;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway.Tests;

/// <summary>What clients say by exchange and WebSocket goes to the backend later (spec sections 5 and 6).</summary>
public sealed class UplinkForwardingTests
{
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
        await UntilHeardAsync(host, backend, 6);
        Assert.Equal("1 1 1 1 2 3", string.Join(' ', backend.Heard.Select(static heard => heard.Body)));
        Assert.Equal(3, backend.Heard.Select(static heard => heard.Headers["Uplink-Id"]).Distinct().Count());
        await GatewayHost.UntilAsync(async () => (await host.Grid.GetAsync(MailboxUplinks.Gateways))!.Messages == 0);
    }

    [Fact]
    public async Task What_an_exchange_and_a_frame_say_reaches_the_same_backend_once_for_each_number()
    {
        await using var backend = await Listener.StartAsync();
        await using var host = await StartAsync(backend);
        await GatewayHost.UntilAsync(async () => (await ExchangeAsync(host, 1)).StatusCode == HttpStatusCode.OK);
        await ExchangeAsync(host, 1);
        using (var socket = await SocketClient.OpenAsync(host, "/mailboxes/a?client=c"))
        {
            await socket.SayAsync("""{"uplink":{"n":1,"data":"1"}}""");
            await socket.SayAsync("""{"uplink":{"n":2,"data":"2"}}""");
            await UntilHeardAsync(host, backend, 2);
        }
        Assert.Equal("1 2", string.Join(' ', backend.Heard.Select(static heard => heard.Body)));
        Assert.All(backend.Heard, static heard => Assert.Equal("a", heard.Headers["Mailbox"]));
    }

    [Fact]
    public async Task What_the_answer_says_to_others_is_delivered()
    {
        await using var backend = await Listener.StartAsync();
        backend.Answer = static (http, _) =>
        {
            http.Response.ContentType = "application/x-multiplex; boundary=b";
            return http.Response.WriteAsync("--b\r\nMailbox: z\r\n\r\nletter\r\n--b\r\n\r\nto nobody\r\n--b--\r\n");
        };
        await using var host = await StartAsync(backend);
        await GatewayHost.UntilAsync(async () => await TellAsync(host, 1) == Outcome.Stored);
        await GatewayHost.UntilAsync(async () => (await host.Grid.GetAsync(MailboxName.Parse("z")))?.Messages == 1);
    }

    [Fact]
    public async Task An_answer_that_stops_half_way_holds_up_nobody_for_long()
    {
        await using var backend = await Listener.StartAsync();
        backend.Answer = static async (http, heard) =>
        {
            if (heard.Body != "1") return;
            http.Response.ContentType = "application/x-multiplex; boundary=b";
            await http.Response.WriteAsync("--b\r\nMailbox: z\r\n\r\nletter\r\n--b\r\nMailbox: z\r\n\r\n");
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        };
        await using var host = await StartAsync(backend);
        await GatewayHost.UntilAsync(async () => await TellAsync(host, 1, 2) == Outcome.Stored);
        await UntilHeardAsync(host, backend, 2);
        Assert.Equal("1 2", string.Join(' ', backend.Heard.Select(static heard => heard.Body)));
        Assert.Equal(1, (await host.Grid.GetAsync(MailboxName.Parse("z"), TestContext.Current.CancellationToken))!.Messages);
    }

    static Task<GatewayHost> StartAsync(Listener backend) => GatewayHost.StartAsync(new() { Uplink = backend.Url });

    static async Task<Outcome> TellAsync(GatewayHost host, params int[] numbers) => (await host.Grid.UplinkAsync(
        MailboxName.Parse("a"), new("c", [.. numbers.Select(static n => new UplinkDraft { Number = n, Body = Encoding.UTF8.GetBytes($"{n}") })]))).Outcome;

    static Task<HttpResponseMessage> ExchangeAsync(GatewayHost host, int number) => host.SendAsync(
        HttpMethod.Post, "/mailboxes/a/exchange", Encoding.UTF8.GetBytes($$"""{"client":"c","wait":0,"uplink":[{"n":{{number}},"data":"{{number}}"}]}"""));

    /// <summary>Lets time pass, no faster than calls are answered: they would seem late.</summary>
    static Task UntilHeardAsync(GatewayHost host, Listener backend, int count) => GatewayHost.UntilAsync(async () =>
    {
        for (var i = 0; i < 8; i++) await host.Http.GetStringAsync("/healthz");
        host.Time.Pass(TimeSpan.FromSeconds(1));
        return backend.Heard.Count == count;
    });
}
