using Microsoft.Playwright;
using Xunit;

namespace Mailbox.Browser.Tests.Client;

/// <summary>A visitor goes on to another page of the origin and comes back. Playwright's browsers do not cache pages unless they are let.</summary>
public sealed class BackForwardTests(Chromium chromium)
{
    const string NoCache = "--disable-back-forward-cache";
    const string Reasons = "JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)";

    [Theory]
    [InlineData("stream", false)]
    [InlineData("websocket", false)]
    [InlineData("long-poll", false)]
    [InlineData("auto", true)]
    public async Task A_page_that_comes_back_has_what_it_missed_and_goes_on(string transport, bool share)
    {
        await using var browser = await chromium.LaunchAsync(without: NoCache);
        await using var office = await Office.OpenAsync(browser);
        var page = (await office.OpenTabsAsync(1, new { transport, share, from = "oldest" }))[0];
        await office.Sender.DeliverAsync(5);
        await GetsAsync(page, 5);

        await LeaveAsync(page, office.Server);
        await office.HeldByAsync(0);
        await office.Sender.DeliverAsync(5);
        await ReturnAsync(page);
        await GetsAsync(page, 10);

        await office.Sender.DeliverAsync(5);
        await GetsAsync(page, 15);
    }

    [Fact]
    public async Task While_the_leading_tab_is_in_the_cache_another_one_leads()
    {
        await using var browser = await chromium.LaunchAsync(without: NoCache);
        await using var office = await Office.OpenAsync(browser);
        var tabs = await office.OpenTabsAsync(2, new { from = "oldest" });
        await office.Sender.DeliverAsync(5);
        foreach (var tab in tabs) await GetsAsync(tab, 5);

        await LeaveAsync(tabs[0], office.Server);
        await office.Sender.DeliverAsync(5);
        await GetsAsync(tabs[1], 10);
        await ReturnAsync(tabs[0]);

        await office.Sender.DeliverAsync(5);
        foreach (var tab in tabs) await GetsAsync(tab, 15);
        await office.HeldByAsync(1);
    }

    static async Task LeaveAsync(IPage page, Server server)
    {
        await page.EvaluateAsync("() => { window.restored = new Promise(done => addEventListener('pageshow', ({ persisted }) => done(persisted))); }");
        await page.GotoAsync(new Uri(server.Address, "/healthz").ToString());
    }

    // A page that is restored is not loaded: nobody waits for that.
    static async Task ReturnAsync(IPage page)
    {
        await page.GoBackAsync(new() { WaitUntil = WaitUntilState.Commit });
        Assert.True(await page.EvaluateAsync<bool>("async () => await window.restored === true"), $"Not restored: {await page.EvaluateAsync<string>(Reasons)}");
    }

    static async Task GetsAsync(IPage page, int count)
    {
        await page.UntilGotAsync(count);
        Assert.Equal(Enumerable.Range(1, count), await page.GotAsync());
    }
}
