using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Mailbox.Browser.Tests;

public sealed class TruckTests(Chromium chromium)
{
    [Fact]
    public async Task Every_lane_brings_every_letter_and_every_word_once()
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=5&talk=0.5");
        await yard.WrittenAsync("written", 10);
        await yard.WrittenAsync("said", 2);

        await yard.PauseAsync();

        await yard.AllShowAsync("letters", await yard.NumberOfAsync("written"));
        await yard.AllShowAsync("words", await yard.NumberOfAsync("said"));
        Assert.Empty(yard.Exceptions);
    }

    [Fact]
    public async Task On_bad_roads_and_behind_a_strict_proxy_nothing_is_lost_or_doubled()
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=5&talk=1&loss=0.2&timeout=3");
        foreach (var strategy in TruckYard.Strategies) await yard.ReachesAsync(strategy, "cut", 2);

        await yard.PauseAsync();

        await yard.AllShowAsync("letters", await yard.NumberOfAsync("written"));
        await yard.AllShowAsync("words", await yard.NumberOfAsync("said"));
    }

    [Fact]
    public async Task What_waits_longer_than_the_proxy_is_towed_and_then_waits_for_a_shorter_time()
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=0&talk=0&timeout=3");
        var parked = new[] { "slow-and-fast", "fleet", "ping-pong" };

        await Expect(yard.Page.Locator(".lane .truck.towed").First).ToBeVisibleAsync();

        foreach (var strategy in parked)
        {
            await yard.ReachesAsync(strategy, "cut", 1);
            await Expect(yard.Lane(strategy).Locator(".state")).ToHaveTextAsync("waits up to 2 s");
        }
        Assert.Equal(0, await yard.NumberAsync("poll", "cut"));
    }

    [Fact]
    public async Task An_idle_poll_comes_home_empty_and_a_belt_needs_one_request()
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=0&talk=0&timeout=60");

        await yard.ReachesAsync("poll", "empty", 3);

        foreach (var belt in new[] { "sse", "websocket" })
        {
            Assert.Equal(1, await yard.NumberAsync(belt, "requests"));
            Assert.Equal(0, await yard.NumberAsync(belt, "empty"));
        }
    }

    [Fact]
    public async Task A_delivery_is_quick_while_all_lanes_hold_what_they_can()
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=0&talk=2&timeout=60");
        await Expect(yard.Lane("fleet")).ToHaveAttributeAsync("data-held", "3");
        foreach (var strategy in new[] { "slow-and-fast", "ping-pong", "sse", "websocket" })
            await Expect(yard.Lane(strategy)).ToHaveAttributeAsync("data-held", "1");

        var milliseconds = await yard.Page.EvaluateAsync<double>(
            "async () => { const from = performance.now(); await fetch('/mailboxes/beside', { method: 'POST', body: 'x' }); return performance.now() - from; }");

        Assert.InRange(milliseconds, 0, 2_000);
    }

    [Fact]
    public async Task A_slider_changes_what_happens_at_once()
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=0&talk=0");
        await yard.ReachesAsync("poll", "requests", 2);
        await Expect(yard.Count("websocket", "letters")).ToHaveTextAsync("0");

        await yard.Page.GetByLabel("Letters").FillAsync("8");

        foreach (var strategy in TruckYard.Strategies) await yard.ReachesAsync(strategy, "letters", 5);
        await Expect(yard.Count("websocket", "latency")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^[\d.]+ m?s$"));
    }

    [Fact]
    public async Task A_second_window_of_the_browser_waits_for_the_first()
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=1");
        await yard.ReachesAsync("websocket", "letters", 1);
        var second = await yard.OpenPageAsync(server, "rate=1");
        await Expect(second.Locator("#sentence")).ToContainTextAsync("another window");

        await yard.Page.CloseAsync();

        await Expect(second.Locator("[data-lane=websocket]")).ToHaveAttributeAsync("data-state", "open");
    }

    [Theory]
    [InlineData(320, 640)]
    [InlineData(390, 844)]
    [InlineData(1280, 800)]
    public async Task Nothing_scrolls_sideways(int width, int height)
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=20&talk=2", width, height);
        await yard.ReachesAsync("poll", "letters", 10);

        Assert.False(await yard.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth"));
    }

    [Fact]
    public async Task Who_wants_less_motion_sees_trucks_that_stand()
    {
        await using var server = await Server.StartAsync();
        await using var yard = await TruckYard.OpenAsync(chromium, server, "rate=20&talk=2&timeout=60", isStill: true);
        await yard.ReachesAsync("poll", "letters", 5);
        await Expect(yard.Lane("websocket").Locator(".belt.laid .ride").First).ToBeAttachedAsync();

        var moving = await yard.Page.EvaluateAsync<int>(
            "document.getAnimations().filter(one => one.effect.target.closest('.lane') && one.effect.getKeyframes().some((frame, at, all) => frame.transform !== all[0].transform)).length");

        Assert.Equal(0, moving);
    }
}
