using Microsoft.Playwright;
using Xunit;

namespace Mailbox.Browser.Tests.Client;

/// <summary>Six tabs, one connection (spec section 5, "Many tabs").</summary>
public sealed class SharedTests(Chromium chromium)
{
    static readonly object s_options = new { transport = "stream", from = "oldest" };

    [Fact]
    public async Task Six_tabs_of_one_origin_live_on_one_connection()
    {
        await using var office = await Office.OpenAsync(chromium);
        var tabs = await office.OpenTabsAsync(6, s_options);

        await office.Sender.DeliverAsync(10);
        await AllGetAsync(tabs, 10);

        Assert.Equal(1, await office.ConnectionsAsync());
        // The origin still answers: six held connections would have used up what a browser opens.
        Assert.Equal(200, await tabs[5].EvaluateAsync<int>("fetch('/healthz').then(answer => answer.status)"));
    }

    [Fact]
    public async Task A_tab_that_comes_later_has_all_that_is_kept_and_what_is_new()
    {
        await using var office = await Office.OpenAsync(chromium);
        await office.Sender.DeliverAsync(5);
        var first = await office.OpenTabsAsync(1, new { transport = "stream", from = "oldest", ack = "manual" });
        await AllGetAsync(first, 5);

        var second = await office.OpenTabsAsync(1, new { from = "oldest", ack = "manual" });
        await office.Sender.DeliverAsync(5);

        await AllGetAsync([.. first, .. second], 10);
        Assert.Equal(1, await office.ConnectionsAsync());
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("crashed")]
    [InlineData("frozen")]
    public async Task When_the_leading_tab_is_gone_another_goes_on_and_nothing_is_lost_or_doubled(string how)
    {
        await using var office = await Office.OpenAsync(chromium);
        var tabs = await office.OpenTabsAsync(3, s_options);
        await office.Sender.DeliverAsync(20);
        await AllGetAsync(tabs, 20);

        // The first tab asked for the lock first. Letters go on coming while it goes.
        var delivering = DeliverInPartsAsync(office.Sender);
        await EndAsync(office, tabs[0], how);
        await delivering;

        await AllGetAsync(tabs[1..], 120);
        await office.HeldByAsync(1);
    }

    [Fact]
    public async Task A_frozen_tab_that_comes_back_has_what_it_missed()
    {
        await using var office = await Office.OpenAsync(chromium);
        var tabs = await office.OpenTabsAsync(2, s_options);
        await office.Sender.DeliverAsync(5);
        await AllGetAsync(tabs, 5);

        await office.FreezeAsync(tabs[0], frozen: true);
        await office.Sender.DeliverAsync(5);
        await AllGetAsync(tabs[1..], 10);
        await office.FreezeAsync(tabs[0], frozen: false);

        await AllGetAsync(tabs, 10);
    }

    [Fact]
    public async Task All_tabs_are_told_that_the_mailbox_was_removed_and_nobody_makes_it_again()
    {
        await using var office = await Office.OpenAsync(chromium);
        var tabs = await office.OpenTabsAsync(2, s_options);
        await office.Sender.DeliverAsync(1);
        await AllGetAsync(tabs, 1);

        await office.Server.Http.DeleteAsync("/mailboxes/ada", TestContext.Current.CancellationToken);

        foreach (var tab in tabs) await tab.UntilAsync("mailbox.state == 'closed' && mailbox.status.reason == 'deleted'");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await office.Server.Http.GetAsync("/mailboxes/ada/state", TestContext.Current.CancellationToken)).StatusCode);
    }

    static async Task DeliverInPartsAsync(Sender sender)
    {
        for (var part = 0; part < 20; part++) await sender.DeliverAsync(5);
    }

    static async Task AllGetAsync(IPage[] tabs, int count)
    {
        foreach (var tab in tabs)
        {
            await tab.UntilGotAsync(count);
            Assert.Equal(Enumerable.Range(1, count), await tab.GotAsync());
        }
    }

    static Task EndAsync(Office office, IPage tab, string how) => how switch
    {
        "closed" => tab.CloseAsync(),
        "crashed" => CrashAsync(tab),
        _ => office.FreezeAsync(tab, frozen: true),
    };

    static async Task CrashAsync(IPage tab)
    {
        var crashed = new TaskCompletionSource();
        tab.Crash += (_, _) => crashed.TrySetResult();
        // It never answers.
        _ = tab.GotoAsync("chrome://crash").ContinueWith(static ended => ended.Exception, TaskScheduler.Default);
        await crashed.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
