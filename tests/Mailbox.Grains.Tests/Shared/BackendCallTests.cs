using System.Net;
using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using static Mailbox.Grains.Tests.Shared.SharedGrid;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>What gateways tell backends by HTTP calls, where silos share the mailboxes (spec section 6).</summary>
public sealed class BackendCallTests(PostgresServer server) : IAsyncLifetime
{
    readonly PostgresOptions _database = server.NewSchema() with { Partitions = 8 };
    SharedGrid? _grid;

    SharedGrid Grid => _grid!;

    public async ValueTask InitializeAsync() => _grid = await StartAsync(_database);

    public async ValueTask DisposeAsync()
    {
        if (_grid is not null) await _grid.DisposeAsync();
    }

    [Fact, Trait("Rule", "M16")]
    public async Task A_webhook_is_told_once_and_in_order_what_happens_at_any_silo()
    {
        await using var backend = await Backend.StartAsync();
        await using var one = await Door.OpenAsync(Grid.One);
        await using var two = await Door.OpenAsync(Grid.Two);
        Assert.Equal(HttpStatusCode.Created, (await one.AskWebhookAsync("w", backend.Url, "opened", "deleted", "uplink")).StatusCode);

        foreach (var name in Names("a b c d e f")) await LiveAsync(two, name.ToString());

        foreach (var name in Names("a b c d e f"))
            await Until(() => Task.FromResult((backend.Told($"{name}", "opened", "deleted"), backend.Told($"{name}", "uplink")) == ("opened deleted", "uplink")));
    }

    [Fact]
    public async Task When_the_gateway_that_calls_is_gone_another_goes_on()
    {
        await using var backend = await Backend.StartAsync();
        await using var one = await Door.OpenAsync(Grid.One);
        await one.AskWebhookAsync("w", backend.Url, "opened");
        await one.Http.PostAsync("/mailboxes/a", new StringContent("1"), TestContext.Current.CancellationToken);
        await Until(() => Task.FromResult(backend.Told("a", "opened") == "opened"));
        await using var two = await Door.OpenAsync(Grid.Two);

        await one.DisposeAsync();
        await two.Http.PostAsync("/mailboxes/b", new StringContent("1"), TestContext.Current.CancellationToken);

        await Until(() => Task.FromResult(backend.Told("b", "opened") == "opened"));
    }

    [Fact]
    public async Task What_clients_were_promised_reaches_the_backend_though_a_silo_is_killed()
    {
        await using var backend = await Backend.StartAsync();
        await using var one = await Door.OpenAsync(Grid.One, backend.Url);
        await Until(async () => await SayAsync(one, "a", 1));
        await Until(() => Task.FromResult(backend.Uplinks == "1"));

        var said = Enumerable.Range(0, 12).Select(i => Until(() => SayAsync(one, $"m{i}", 100 + i))).ToList();
        await Grid.KillTwo();
        await Task.WhenAll(said);

        await Until(() => Task.FromResult(Enumerable.Range(0, 12).All(i => backend.Uplinks.Contains($" {100 + i}", StringComparison.Ordinal))));
        Assert.Equal(13, backend.Uplinks.Split(' ').Length);
    }

    static async Task<bool> SayAsync(Door door, string mailbox, int number)
    {
        var exchange = $$"""{"client":"c","wait":0,"uplink":[{"n":{{number}},"data":{{number}}}]}""";
        using var answer = await door.Http.PostAsync($"/mailboxes/{mailbox}/exchange", new StringContent(exchange, null, "application/json"));
        return answer.StatusCode == HttpStatusCode.OK;
    }

    static async Task LiveAsync(Door door, string mailbox)
    {
        (await door.Http.PostAsync($"/mailboxes/{mailbox}", new StringContent("1"))).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Accepted, (await door.SayAsync(mailbox, "hello", "k")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await door.SayAsync(mailbox, "hello", "k")).StatusCode);
        (await door.Http.DeleteAsync($"/mailboxes/{mailbox}")).EnsureSuccessStatusCode();
    }
}
