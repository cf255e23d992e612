using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mailbox.Engine;

namespace Mailbox.Gateway.Tests;

/// <summary>Webhooks (spec section 6, M16).</summary>
public sealed class WebhookTests
{
    const string Secret = "very secret";

    [Fact, Trait("Rule", "M16")]
    public async Task What_happens_to_mailboxes_is_told_signed_and_in_order()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        Assert.Equal(HttpStatusCode.Created, (await PutAsync(host, endpoint, "opened", "deleted")).StatusCode);
        foreach (var name in new[] { "a", "b", "a" })
        {
            await host.DeliverAsync(name, "1");
            await host.SendAsync(HttpMethod.Delete, "/mailboxes/" + name);
        }
        await host.UntilToldAsync(endpoint, 6);
        Assert.Equal("opened a, deleted a, opened b, deleted b, opened a, deleted a", endpoint.Told());
        foreach (var heard in endpoint.Heard)
        {
            var time = heard.Headers["Webhook-Signature"].Split(',')[0][2..];
            var expected = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{time}.{heard.Body}")));
            Assert.Equal($"t={time},v1={expected}", heard.Headers["Webhook-Signature"]);
            Assert.Equal("w", heard.Headers["Webhook-Name"]);
        }
    }

    [Fact]
    public async Task Only_what_was_asked_for_is_told()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "deleted");
        await host.DeliverAsync("a", "1");
        await host.SendAsync(HttpMethod.Delete, "/mailboxes/a");
        await host.UntilToldAsync(endpoint, 1);
        Assert.Equal("deleted a", endpoint.Told());
    }

    [Fact]
    public async Task Uplinks_are_told_with_what_was_said()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "uplink");
        Assert.Equal(HttpStatusCode.Accepted, (await host.SendAsync(HttpMethod.Post, "/mailboxes/a/uplink", "{ }"u8.ToArray(), ("Content-Type", "application/json"))).StatusCode);
        await host.Grid.UplinkAsync(MailboxName.Parse("b"), new("c", [new() { Number = 7, Body = new byte[] { 0xff } }]));
        await host.UntilToldAsync(endpoint, 2);
        var (first, second) = (endpoint.Events()[0], endpoint.Events()[1]);
        Assert.Equal(("uplink", "a", "{ }", "application/json"), (Text(first, "event"), Text(first, "mailbox"), Text(first, "data"), Text(first, "contentType")));
        Assert.Equal(("b", "c", "/w==", "base64"), (Text(second, "mailbox"), Text(second, "client"), Text(second, "data"), Text(second, "encoding")));
        Assert.Equal(7, second.GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task An_endpoint_that_fails_is_called_again_later_and_what_is_after_waits()
    {
        await using var endpoint = await Listener.StartAsync();
        var failures = 3;
        endpoint.Answer = (http, _) =>
        {
            if (Interlocked.Decrement(ref failures) >= 0) http.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        await host.DeliverAsync("a", "1");
        await GatewayHost.UntilAsync(() => endpoint.Heard.Count == 1);
        await host.DeliverAsync("b", "1");
        await host.UntilToldAsync(endpoint, 5);
        Assert.Equal("opened a, opened a, opened a, opened a, opened b", endpoint.Told());
        Assert.Single(endpoint.Events().Take(4).Select(static one => Text(one, "id")).Distinct());
        await GatewayHost.UntilAsync(() => host.Measure("mailbox.gateway.webhook.failures", "w") == 3);
    }

    [Fact]
    public async Task What_waits_for_a_dead_endpoint_stays_in_the_store_until_its_time_has_ended()
    {
        var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        await endpoint.DisposeAsync();
        for (var i = 0; i < 500; i++) await host.DeliverAsync($"m{i}", "1");
        Assert.Equal(500, JsonDocument.Parse(await host.Http.GetStringAsync("/webhooks/w")).RootElement.GetProperty("waiting").GetInt32());
        await GatewayHost.UntilAsync(async () =>
        {
            host.Time.Pass(TimeSpan.FromSeconds(1));
            await host.Http.GetStringAsync("/webhooks/w");
            return host.Measure("mailbox.gateway.webhook.waiting", "w") == 500;
        });
        host.Time.Advance(TimeSpan.FromDays(2));
        await GatewayHost.UntilAsync(async () =>
        {
            host.Time.Advance(TimeSpan.FromMinutes(10));
            await host.Http.GetStringAsync("/webhooks/w");
            return host.Measure("mailbox.gateway.webhook.dropped", "w") == 500;
        });
    }

    [Fact]
    public async Task Its_secret_is_never_told()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        var answers = await (await PutAsync(host, endpoint, "opened")).Content.ReadAsStringAsync()
            + await host.Http.GetStringAsync("/webhooks/w") + await host.Http.GetStringAsync("/webhooks");
        Assert.Contains(endpoint.Url, answers, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, answers, StringComparison.Ordinal);
        await Problems.OfAsync(await host.Http.GetAsync("/mailboxes/mailbox.webhooks?from=oldest&wait=0"), 404, "not-found");
    }

    [Fact]
    public async Task It_can_be_changed_listed_and_removed()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        var kept = $$"""{"url":"{{endpoint.Url}}","events":["deleted"]}""";
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Put, "/webhooks/w", Encoding.UTF8.GetBytes(kept))).StatusCode);
        Assert.Equal($$"""{"webhooks":[{"name":"w","url":"{{endpoint.Url}}","events":["deleted"]}]}""", await host.Http.GetStringAsync("/webhooks"));
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Delete, "/webhooks/w")).StatusCode);
        await Problems.OfAsync(await host.SendAsync(HttpMethod.Delete, "/webhooks/w"), 404, "not-found");
        await Problems.OfAsync(await host.Http.GetAsync("/webhooks/w"), 404, "not-found");
        Assert.Equal("""{"webhooks":[]}""", await host.Http.GetStringAsync("/webhooks"));
        Assert.Null(await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1));
    }

    [Theory]
    [InlineData("""{"url":"ftp://x","events":["opened"],"secret":"s"}""", "url")]
    [InlineData("""{"url":"http://u:p@x/","events":["opened"],"secret":"s"}""", "url")]
    [InlineData("""{"url":"http://x/","events":["closed"],"secret":"s"}""", "events")]
    [InlineData("""{"url":"http://x/","events":[],"secret":"s"}""", "events")]
    [InlineData("""{"url":"http://x/","events":["opened"]}""", "secret")]
    [InlineData("""{"url":"http://x/","events":["opened"],"secret":"s","sekret":"s"}""", "sekret")]
    [InlineData("[]", "the body")]
    public async Task What_is_not_valid_is_refused_by_name(string body, string field)
    {
        await using var host = await GatewayHost.StartAsync();
        var detail = await Problems.OfAsync(await host.SendAsync(HttpMethod.Put, "/webhooks/w", Encoding.UTF8.GetBytes(body)), 400, "bad-body");
        Assert.StartsWith(field, detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_gateways_of_a_grid_tell_once()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var first = await GatewayHost.StartAsync();
        await using var second = await GatewayHost.StartAsync(grid: first.Grid);
        await PutAsync(first, endpoint, "opened");
        for (var i = 0; i < 20; i++) await first.DeliverAsync($"m{i}", "1");
        await first.UntilToldAsync(endpoint, 20);
        second.Time.Pass(TimeSpan.FromSeconds(30));
        for (var i = 20; i < 40; i++) await second.DeliverAsync($"m{i}", "1");
        await first.UntilToldAsync(endpoint, 40);
        Assert.Equal(40, endpoint.Events().Count);
    }

    [Fact]
    public async Task Whoever_removes_its_mailbox_or_its_group_does_not_end_it()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        await host.DeliverAsync("a", "1");
        await host.UntilToldAsync(endpoint, 1);
        await host.SendAsync(HttpMethod.Delete, "/mailboxes/" + Webhook.MailboxOf("w"));
        await GatewayHost.UntilAsync(async () =>
        {
            host.Time.Pass(TimeSpan.FromMilliseconds(250));
            return await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1) is not null;
        });
        await host.DeliverAsync("b", "1");
        await host.UntilToldAsync(endpoint, 2);
        Assert.Equal("opened a, opened b", endpoint.Told());
    }

    static Task<HttpResponseMessage> PutAsync(GatewayHost host, Listener endpoint, params string[] events) => host.SendAsync(
        HttpMethod.Put, "/webhooks/w", JsonSerializer.SerializeToUtf8Bytes(new { url = endpoint.Url, events, secret = Secret }));

    static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
