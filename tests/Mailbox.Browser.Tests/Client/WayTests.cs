using Xunit;

namespace Mailbox.Browser.Tests.Client;

/// <summary>How the client finds a way, and what it does when there is none for a while.</summary>
public sealed class WayTests(Chromium chromium)
{
    const int Seed = 5;

    [Fact]
    public async Task Where_a_proxy_buffers_auto_goes_down_the_ladder_remembers_it_and_climbs_again()
    {
        await using var server = await Server.StartAsync();
        await using var proxy = new FaultProxy(server.Address, Seed);
        await using var context = await chromium.NewTabsAsync();
        var sender = new Sender(server.Http, "ada");
        await sender.PrepareAsync();
        var page = await context.NewTabAsync(proxy.Address);
        var second = await context.NewTabAsync(proxy.Address);
        proxy.Misbehave(Fate.Buffered);
        await page.Clock.InstallAsync();
        await page.OpenMailboxAsync("ada", new { share = false });
        await page.UntilAsync("mailbox.state == 'open' && mailbox.status.transport == 'long-poll'");

        await second.OpenMailboxAsync("ada", new { share = false });
        await second.UntilAsync("mailbox.state == 'open'");
        Assert.Equal("connecting opened long-poll", await second.EvaluateAsync<string>("states[0]"));

        proxy.Misbehave(Fate.Passed);
        await page.Clock.FastForwardAsync("03:00");
        await page.UntilAsync("mailbox.state == 'open' && mailbox.status.transport == 'stream'");
    }

    [Fact]
    public async Task A_reloaded_page_goes_on_where_it_was()
    {
        await using var office = await Office.OpenAsync(chromium);
        var options = new { from = "oldest", remember = true, ack = "manual" };
        var page = (await office.OpenTabsAsync(1, options))[0];
        await office.Sender.DeliverAsync(5);
        await page.UntilGotAsync(5);

        await page.ReloadAsync();
        await page.EvaluateAsync("async () => { window.client = await import('/mailbox-client.js'); }");
        await page.OpenMailboxAsync("ada", options);
        await office.Sender.DeliverAsync(2);

        await page.UntilGotAsync(2);
        Assert.Equal(new[] { 6, 7 }, await page.GotAsync());
    }

    [Fact]
    public async Task Offline_it_waits_and_is_back_with_the_network()
    {
        await using var office = await Office.OpenAsync(chromium);
        var page = (await office.OpenTabsAsync(1, new { from = "oldest", share = false }))[0];

        await page.Context.SetOfflineAsync(true);
        await page.UntilAsync("mailbox.state == 'waiting' && mailbox.status.reason == 'offline'");
        await office.Sender.DeliverAsync(3);
        await page.Context.SetOfflineAsync(false);

        await page.UntilGotAsync(3);
        Assert.Equal(new[] { 1, 2, 3 }, await page.GotAsync());
    }
}
