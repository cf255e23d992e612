using System.Net;
using System.Text;
using System.Text.Json;
using Mailbox.Engine;

namespace Mailbox.Gateway.Tests;

/// <summary>Webhooks (spec section 6, M16).</summary>
public sealed class WebhookTests
{
    const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact, Trait("Rule", "M16")]
    public async Task What_happens_to_mailboxes_is_told_one_event_a_call_and_in_order_for_each()
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
        Assert.Equal(("opened deleted opened deleted", "opened deleted"), (endpoint.Told("a"), endpoint.Told("b")));
        foreach (var heard in endpoint.Heard)
        {
            Assert.Equal(["type", "timestamp", "data"], heard.Event().EnumerateObject().Select(static one => one.Name));
            Assert.Equal("w", heard.Headers["Webhook-Name"]);
            Assert.DoesNotContain('.', heard.Id());
        }
        Assert.Equal(6, endpoint.Heard.Select(Telling.Id).Distinct().Count());
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
        await host.Grid.UplinkAsync(MailboxName.Parse("b"), new("c", [new() { Number = 7, Body = new byte[] { 0xff } }]), TestContext.Current.CancellationToken);
        await host.UntilToldAsync(endpoint, 2);
        var (first, second) = (DataOf(endpoint, "a"), DataOf(endpoint, "b"));
        Assert.Equal(("a", "{ }", "application/json"), (Text(first, "mailbox"), Text(first, "data"), Text(first, "contentType")));
        Assert.All(endpoint.Heard, static heard => Assert.Equal(("uplink", heard.Id()), (Text(heard.Event(), "type"), Text(heard.Event().GetProperty("data"), "uplink"))));
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
        Assert.Single(endpoint.Heard.Take(4).Select(static one => (one.Id(), one.Body)).Distinct());
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
        Assert.Equal(500, JsonDocument.Parse(await host.Http.GetStringAsync("/webhooks/w", TestContext.Current.CancellationToken)).RootElement.GetProperty("waiting").GetInt32());
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
        var answers = await (await PutAsync(host, endpoint, "opened")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
            + await host.Http.GetStringAsync("/webhooks/w", TestContext.Current.CancellationToken) + await host.Http.GetStringAsync("/webhooks", TestContext.Current.CancellationToken);
        Assert.Contains(endpoint.Url, answers, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, answers, StringComparison.Ordinal);
        await Problems.OfAsync(await host.Http.GetAsync("/mailboxes/mailbox.webhooks?from=oldest&wait=0", TestContext.Current.CancellationToken), 403, "reserved-name");
    }

    [Fact]
    public async Task It_can_be_changed_listed_and_removed()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        var kept = $$"""{"url":"{{endpoint.Url}}","events":["deleted"]}""";
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Put, "/webhooks/w", Encoding.UTF8.GetBytes(kept))).StatusCode);
        Assert.Equal($$"""{"webhooks":[{"name":"w","url":"{{endpoint.Url}}","events":["deleted"]}]}""", await host.Http.GetStringAsync("/webhooks", TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Delete, "/webhooks/w")).StatusCode);
        await Problems.OfAsync(await host.SendAsync(HttpMethod.Delete, "/webhooks/w"), 404, "not-found");
        await Problems.OfAsync(await host.Http.GetAsync("/webhooks/w", TestContext.Current.CancellationToken), 404, "not-found");
        Assert.Equal("""{"webhooks":[]}""", await host.Http.GetStringAsync("/webhooks", TestContext.Current.CancellationToken));
        Assert.Null(await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"url":"ftp://x","events":["opened"],"secret":"s"}""", "url")]
    [InlineData("""{"url":"http://u:p@x/","events":["opened"],"secret":"s"}""", "url")]
    [InlineData("""{"url":"http://x/","events":["closed"],"secret":"s"}""", "events")]
    [InlineData("""{"url":"http://x/","events":[],"secret":"s"}""", "events")]
    [InlineData("""{"url":"http://x/","events":["opened"]}""", "secret")]
    [InlineData("""{"url":"http://x/","events":["opened"],"secret":"whsec_c2hvcnQ="}""", "secret")]
    [InlineData("""{"url":"http://x/","events":["opened"],"secret":"whsec_no base64"}""", "secret")]
    [InlineData("""{"url":"http://x/","events":["opened"],"secret":[]}""", "secret")]
    [InlineData("""{"url":"http://x/","events":["opened"],"secret":["a","b","c"]}""", "secret")]
    [InlineData("""{"url":"http://x/","events":["opened"],"secret":7}""", "secret")]
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
        Assert.Equal(40, endpoint.Heard.Count);
    }

    [Fact]
    public async Task Whoever_removes_its_mailbox_or_its_group_does_not_end_it()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        await host.DeliverAsync("a", "1");
        await host.UntilToldAsync(endpoint, 1);
        await host.Grid.RemoveAsync(Webhook.MailboxOf("w"), TestContext.Current.CancellationToken);
        await GatewayHost.UntilAsync(async () =>
        {
            host.Time.Pass(TimeSpan.FromMilliseconds(250));
            return await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1) is not null;
        });
        await host.DeliverAsync("b", "1");
        await host.UntilToldAsync(endpoint, 2);
        Assert.Equal("opened a, opened b", endpoint.Told());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(422)]
    public async Task A_call_that_is_refused_for_good_is_set_aside_and_told_and_the_next_goes_on(int status)
    {
        await using var endpoint = await Listener.StartAsync();
        endpoint.Answer = (http, heard) =>
        {
            if (heard.Text() == "opened bad") http.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened", "deleted");
        await host.DeliverAsync("bad", "1");
        await host.SendAsync(HttpMethod.Delete, "/mailboxes/bad");
        await host.DeliverAsync("good", "1");
        await host.UntilToldAsync(endpoint, 3);
        Assert.Equal(("opened deleted", "opened"), (endpoint.Told("bad"), endpoint.Told("good")));
        await GatewayHost.UntilAsync(async () => (await StateAsync(host)).GetProperty("waiting").GetInt32() == 0);
        var state = await StateAsync(host);
        var refused = state.GetProperty("lastRefused");
        Assert.Equal(1, state.GetProperty("refused").GetInt32());
        Assert.Equal(("opened", "bad", status), (Text(refused, "type"), Text(refused, "mailbox"), refused.GetProperty("status").GetInt32()));
        Assert.Equal(endpoint.Heard.First(static heard => heard.Text() == "opened bad").Id(), Text(refused, "id"));
        Assert.Equal(1, host.Measure("mailbox.gateway.webhook.refused", "w"));
    }

    [Theory]
    [InlineData(408)]
    [InlineData(425)]
    [InlineData(429)]
    [InlineData(302)]
    [InlineData(503)]
    public async Task A_call_that_is_put_off_is_repeated_not_before_Retry_After(int status)
    {
        await using var endpoint = await Listener.StartAsync();
        var putOff = 1;
        endpoint.Answer = (http, _) =>
        {
            if (Interlocked.Decrement(ref putOff) < 0) return Task.CompletedTask;
            http.Response.StatusCode = status;
            http.Response.Headers.RetryAfter = "120";
            return Task.CompletedTask;
        };
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        await host.DeliverAsync("a", "1");
        await GatewayHost.UntilAsync(() => endpoint.Heard.Count == 1);
        var before = host.Time.GetUtcNow();
        await host.UntilToldAsync(endpoint, 2);
        Assert.True(host.Time.GetUtcNow() - before >= TimeSpan.FromSeconds(119), $"{host.Time.GetUtcNow() - before}");
        Assert.Equal(0, (await StateAsync(host)).GetProperty("refused").GetInt32());
    }

    [Fact]
    public async Task A_410_ends_it_until_it_is_put_again()
    {
        await using var endpoint = await Listener.StartAsync();
        endpoint.Answer = static (http, _) =>
        {
            http.Response.StatusCode = 410;
            return Task.CompletedTask;
        };
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        await host.DeliverAsync("a", "1");
        await GatewayHost.UntilAsync(async () => (await StateAsync(host)).TryGetProperty("ended", out _));
        await GatewayHost.UntilAsync(async () => await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1) is null);
        await host.DeliverAsync("b", "1");
        endpoint.Answer = static (_, _) => Task.CompletedTask;
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(host, endpoint, "opened")).StatusCode);
        Assert.False((await StateAsync(host)).TryGetProperty("ended", out _));
        await host.DeliverAsync("c", "1");
        await host.UntilToldAsync(endpoint, 2);
        Assert.Equal("opened a, opened c", endpoint.Told());
    }

    [Fact]
    public async Task A_410_that_comes_after_a_change_at_another_gateway_loses_nothing()
    {
        await using var gone = await Listener.StartAsync();
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await using var other = await GatewayHost.StartAsync(grid: host.Grid);
        gone.Answer = async (http, _) =>
        {
            if (gone.Heard.Count == 1) await PutAsync(other, endpoint, "opened");
            http.Response.StatusCode = 410;
        };
        await PutAsync(host, gone, "opened");
        await host.DeliverAsync("a", "1");
        await GatewayHost.UntilAsync(() => host.Measure("mailbox.gateway.webhook.failures", "w") == 1);
        await host.UntilToldAsync(endpoint, 1);
        Assert.Equal("opened a", endpoint.Told());
        Assert.False((await StateAsync(host)).TryGetProperty("ended", out _));
    }

    [Fact]
    public async Task A_removal_that_a_crash_broke_off_is_finished_by_its_repeat()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        // The first step of a removal is stored, and no more.
        await host.Grid.DeliverAsync(WebhookStore.Mailbox, new() { ContentType = "application/json", Body = WebhookJson.ToForget("w") }, TestContext.Current.CancellationToken);
        Assert.NotNull(await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1, TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Delete, "/webhooks/w")).StatusCode);
        Assert.Null(await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1, TestContext.Current.CancellationToken));
        Assert.Null(await host.Grid.GetAsync(Webhook.MailboxOf("w"), TestContext.Current.CancellationToken));
        await Problems.OfAsync(await host.SendAsync(HttpMethod.Delete, "/webhooks/w"), 404, "not-found");
    }

    [Fact]
    public async Task A_call_that_is_set_aside_again_counts_once()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        var store = new WebhookStore(host.Grid);
        var webhook = (await store.ListAsync(TestContext.Current.CancellationToken))["w"];
        foreach (var id in new[] { "1", "1", "2" })
        {
            host.Time.Pass(TimeSpan.FromSeconds(1));
            await store.SetAsideAsync(webhook, new(id, "opened", "a", 404, host.Time.GetUtcNow()), TestContext.Current.CancellationToken);
        }
        var state = await StateAsync(host);
        Assert.Equal((2, "2"), (state.GetProperty("refused").GetInt32(), Text(state.GetProperty("lastRefused"), "id")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_renewed_while_a_gateway_runs(bool isEnded)
    {
        await using var endpoint = await Listener.StartAsync();
        endpoint.Answer = (http, _) =>
        {
            http.Response.StatusCode = isEnded ? 410 : 200;
            return Task.CompletedTask;
        };
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened");
        await host.DeliverAsync("a", "1");
        await GatewayHost.UntilAsync(async () => endpoint.Heard.Count == 1 && (await StateAsync(host)).TryGetProperty("ended", out _) == isEnded);
        var before = await LastAsync(host);
        host.Time.Advance(TimeSpan.FromDays(11));
        await GatewayHost.UntilAsync(async () =>
        {
            host.Time.Pass(TimeSpan.FromSeconds(1));
            return await LastAsync(host) != before;
        });
        host.Time.Advance(TimeSpan.FromDays(25));
        Assert.Equal(isEnded, (await StateAsync(host)).TryGetProperty("ended", out _));
        Assert.Equal(isEnded, await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1, TestContext.Current.CancellationToken) is null);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_renewal_that_another_change_overtakes_changes_nothing(bool isRemoved)
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        var store = new WebhookStore(host.Grid);
        for (var round = 0; round < 50; round++)
        {
            await PutAsync(host, endpoint, "opened");
            var old = (await store.ListAsync(TestContext.Current.CancellationToken))["w"];
            var change = isRemoved ? host.SendAsync(HttpMethod.Delete, "/webhooks/w") : PutAsync(host, endpoint, "deleted");
            await Task.WhenAll(change, Task.Run(() => store.RenewAsync(old, TestContext.Current.CancellationToken).AsTask(), TestContext.Current.CancellationToken));
            Assert.True((await change).IsSuccessStatusCode);
            var now = (await store.ListAsync(TestContext.Current.CancellationToken)).GetValueOrDefault("w");
            Assert.Equal(isRemoved ? null : "deleted", now?.Events.Single());
            Assert.Equal(isRemoved, await host.Grid.GetGroupAsync(MailboxEvents.Group, null, 1, TestContext.Current.CancellationToken) is null);
            Assert.Equal(Outcome.KeyReused, await store.RenewAsync(old, TestContext.Current.CancellationToken));
        }
    }

    static async Task<Position?> LastAsync(GatewayHost host) => await new WebhookStore(host.Grid).VersionAsync();

    [Fact]
    public async Task An_uplink_that_makes_its_mailbox_is_told_after_that()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        await PutAsync(host, endpoint, "opened", "uplink");
        for (var i = 0; i < 5; i++)
            Assert.Equal(HttpStatusCode.Accepted, (await host.SendAsync(HttpMethod.Post, $"/mailboxes/m{i}/uplink", "x"u8.ToArray())).StatusCode);
        await host.UntilToldAsync(endpoint, 10);
        for (var i = 0; i < 5; i++) Assert.Equal("opened uplink", endpoint.Told($"m{i}"));
    }

    static async Task<JsonElement> StateAsync(GatewayHost host) => JsonDocument.Parse(await host.Http.GetStringAsync("/webhooks/w")).RootElement;

    static JsonElement DataOf(Listener endpoint, string mailbox) =>
        endpoint.Heard.Select(static heard => heard.Event().GetProperty("data")).Single(data => Text(data, "mailbox") == mailbox);

    static Task<HttpResponseMessage> PutAsync(GatewayHost host, Listener endpoint, params string[] events) => host.SendAsync(
        HttpMethod.Put, "/webhooks/w", JsonSerializer.SerializeToUtf8Bytes(new { url = endpoint.Url, events, secret = Secret }));

    static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
