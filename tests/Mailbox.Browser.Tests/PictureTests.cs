using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Mailbox.Browser.Tests;

public sealed class PictureTests(Chromium chromium)
{
    [Fact]
    public async Task Letters_written_while_offline_wait_in_the_picture_and_drain_when_online()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");
        await ada.Online.ClickAsync();
        await ada.IsAsync("offline");

        for (var letter = 0; letter < 3; letter++) await ada.WriteLetterAsync();

        await Expect(ada.Waiting).ToHaveTextAsync("3");
        await Expect(ada.Pile).ToHaveCountAsync(3);
        await Expect(ada.Page.Locator("#connections")).ToHaveTextAsync("0");
        await Expect(ada.Texts).ToHaveCountAsync(0);

        await ada.Online.ClickAsync();

        await Expect(ada.Texts).ToHaveCountAsync(3);
        await Expect(ada.Waiting).ToHaveTextAsync("0");
        await Expect(ada.Pile).ToHaveCountAsync(0);
        await Expect(ada.Page.Locator("#connections")).ToHaveTextAsync("1");
        Assert.Empty(ada.ConsoleErrors);
    }

    [Fact]
    public async Task The_ticker_moves_and_only_its_newest_prices_wait()
    {
        await using var server = await Server.StartAsync(demo: true);
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");
        var price = ada.Page.Locator("[data-symbol=POST] .price");
        await Expect(ada.Page.Locator("#prices li")).ToHaveCountAsync(4);

        var before = await price.TextContentAsync();
        await Expect(price).Not.ToHaveTextAsync(before!);
        await Expect(ada.Page.Locator("[data-symbol=POST] polyline")).ToHaveAttributeAsync("points", Three());
        await ada.Online.ClickAsync();
        var last = ada.Page.Locator("[data-fact=last]");
        await Expect(ada.Waiting).ToHaveTextAsync("4");
        var then = await last.TextContentAsync();
        await Expect(last).Not.ToHaveTextAsync(then!);

        await Expect(ada.Waiting).ToHaveTextAsync("4");
        Assert.Empty(ada.ConsoleErrors);
    }

    [Fact]
    public async Task The_sample_backend_feeds_the_ticker_of_whoever_joins()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");
        using var sample = Process.Start(new ProcessStartInfo("dotnet") { ArgumentList = { Programs.Ticker, server.Address.ToString() } })!;
        try
        {
            await Expect(ada.Page.Locator("#prices li")).ToHaveCountAsync(4);
        }
        finally
        {
            sample.Kill();
        }
    }

    [Theory]
    [InlineData(320, 640)]
    [InlineData(360, 740)]
    [InlineData(1280, 900)]
    public async Task Nothing_scrolls_sideways_and_nothing_jumps_when_a_name_is_chosen(int width, int height)
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.ArriveAsync(chromium, server, width, height);
        Assert.False(await ada.ScrollsSidewaysAsync());
        var before = await TopsAsync(ada);

        await ada.ChooseNameAsync("Adelheid-von-der-Poststr");
        await ada.SayAsync(new string('x', 300));
        await Expect(ada.Texts).ToHaveCountAsync(1);
        await Expect(ada.Page.Locator("[data-fact=groups]")).ToHaveTextAsync("chat, ticker");

        Assert.False(await ada.ScrollsSidewaysAsync());
        Assert.Equal(before, await TopsAsync(ada));
    }

    [Fact]
    public async Task The_page_works_by_keyboard_alone()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.ArriveAsync(chromium, server);

        await ada.Page.GetByLabel("Your name").FocusAsync();
        await ada.Page.Keyboard.TypeAsync("Ada");
        await ada.Page.Keyboard.PressAsync("Enter");
        await ada.IsAsync("held");
        await ada.Page.Keyboard.TypeAsync("Typed");
        await ada.Page.Keyboard.PressAsync("Enter");
        await ada.ReadsAsync("Typed");
        await ada.Online.FocusAsync();
        await ada.Page.Keyboard.PressAsync("Space");

        await ada.IsAsync("offline");
        await Expect(ada.Online).ToHaveAttributeAsync("aria-checked", "false");
    }

    [Fact]
    public async Task The_page_asks_nobody_else_and_is_asked_for_again_by_its_tag()
    {
        await using var server = await Server.StartAsync();
        using var first = await server.Http.GetAsync("/", TestContext.Current.CancellationToken);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { IfNoneMatch = { first.Headers.ETag! } } };

        using var second = await server.Http.SendAsync(again, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.StartsWith("default-src 'none';", first.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", first.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.DoesNotContain("http", await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    // At least three points: the line has been drawn on, not once.
    static Regex Three() => new(@"^\S+ \S+ \S+");

    static Task<double[]> TopsAsync(Visitor visitor) => visitor.Page.EvaluateAsync<double[]>(
        "[...document.querySelectorAll('.panel')].map(panel => Math.round(panel.getBoundingClientRect().top + scrollY))");
}
