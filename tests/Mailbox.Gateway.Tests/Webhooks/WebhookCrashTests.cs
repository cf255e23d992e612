using System.Net;
using System.Text;
using System.Text.Json;

namespace Mailbox.Gateway.Tests;

/// <summary>What was accepted is told though the gateway is killed (spec section 6): it starts in the store.</summary>
public sealed class WebhookCrashTests
{
    const int Mailboxes = 40;

    [Fact, Trait("Rule", "M16")]
    public async Task Every_event_of_an_answered_delivery_is_told_in_order_though_the_host_is_killed_again_and_again()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await HostProcess.StartAsync();
        var failing = true;
        endpoint.Answer = (http, _) =>
        {
            if (Volatile.Read(ref failing)) http.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        var settings = JsonSerializer.SerializeToUtf8Bytes(new { url = endpoint.Url, events = new[] { "opened", "deleted", "uplink" }, secret = "s" });
        Assert.Equal(HttpStatusCode.Created, (await host.Http.PutAsync("/webhooks/w", new ByteArrayContent(settings), TestContext.Current.CancellationToken)).StatusCode);
        for (var i = 0; i < Mailboxes; i++)
        {
            if (i % 10 == 5)
            {
                await host.KillAsync();
                await host.StartAgainAsync();
            }
            await DoAsync(host, i);
        }
        Volatile.Write(ref failing, false);
        var before = endpoint.Heard.Count;
        await GatewayHost.UntilAsync(() => Told(endpoint, before).Count >= 3 * Mailboxes);
        // The host saw the first page of each life fail; what it tells now is each event, at least once, in the order of its mailbox.
        for (var i = 0; i < Mailboxes; i++) Assert.Equal($"opened uplink deleted", Of(endpoint, before, $"m{i}"));
    }

    [Fact]
    public async Task An_uplink_that_was_accepted_reaches_the_backend_though_the_host_is_killed()
    {
        await using var backend = await Listener.StartAsync();
        var failing = true;
        backend.Answer = (http, _) =>
        {
            if (Volatile.Read(ref failing)) http.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await using var host = await HostProcess.StartAsync();
        var settings = JsonSerializer.SerializeToUtf8Bytes(new { url = backend.Url, events = new[] { "uplink" }, secret = "s" });
        await host.Http.PutAsync("/webhooks/w", new ByteArrayContent(settings), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, (await SayAsync(host, "k1")).StatusCode);
        await GatewayHost.UntilAsync(() => !backend.Heard.IsEmpty);
        await host.KillAsync();
        await host.StartAgainAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await SayAsync(host, "k1")).StatusCode);
        Volatile.Write(ref failing, false);
        var before = backend.Heard.Count;
        await GatewayHost.UntilAsync(() => backend.Heard.Count > before);
        Assert.Single(backend.Heard.Select(Telling.Id).Distinct());
    }

    static async Task DoAsync(HostProcess host, int i)
    {
        (await host.Http.PostAsync($"/mailboxes/m{i}", new StringContent("1"))).EnsureSuccessStatusCode();
        using var said = new StringContent("hello");
        said.Headers.Add("Idempotency-Key", "k");
        Assert.Equal(HttpStatusCode.Accepted, (await host.Http.PostAsync($"/mailboxes/m{i}/uplink", said)).StatusCode);
        (await host.Http.DeleteAsync($"/mailboxes/m{i}")).EnsureSuccessStatusCode();
    }

    static Task<HttpResponseMessage> SayAsync(HostProcess host, string key)
    {
        var said = new ByteArrayContent(Encoding.UTF8.GetBytes("hello"));
        said.Headers.Add("Idempotency-Key", key);
        return host.Http.PostAsync("/mailboxes/a/uplink", said);
    }

    static string Of(Listener endpoint, int before, string mailbox) => string.Join(' ', Told(endpoint, before)
        .Where(text => text.EndsWith(" " + mailbox, StringComparison.Ordinal)).Select(static text => text.Split(' ')[0]));

    /// <summary>Each once: what came again is left out.</summary>
    static List<string> Told(Listener endpoint, int before) => [.. endpoint.Heard.Skip(before).DistinctBy(Telling.Id).Select(Telling.Text)];
}
