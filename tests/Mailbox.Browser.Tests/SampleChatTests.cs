using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Mailbox.Browser.Tests;

/// <summary>The page that people copy, in front of an application: its browsers read their own mailboxes with the client.</summary>
public sealed class SampleChatTests(Chromium chromium)
{
    [Fact]
    public async Task Visitors_of_a_copied_chat_read_each_other_and_what_was_said_while_they_were_away()
    {
        using var chat = await SampleChat.StartAsync();
        await using var server = await Server.StartAsync(options: ["--Mailbox:Backend:Url", chat.Address]);
        await using var adas = await chromium.Browser.NewContextAsync();
        await using var bobs = await chromium.Browser.NewContextAsync();
        var ada = await ArriveAsync(adas, server);
        var bob = await ArriveAsync(bobs, server);

        await SayAsync(ada, "Hello Bob");
        await Expect(bob.Locator("li")).ToHaveTextAsync(["Hello Bob"]);
        await bob.CloseAsync();
        await SayAsync(ada, "Are you there?");
        bob = await ArriveAsync(bobs, server);
        await Expect(bob.Locator("li")).ToHaveTextAsync(["Are you there?"]);
        await SayAsync(bob, "Now I am");

        await Expect(ada.Locator("li")).ToHaveTextAsync(["Hello Bob", "Are you there?", "Now I am"]);
    }

    static async Task<IPage> ArriveAsync(IBrowserContext context, Server server)
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync(server.Address.ToString());
        return page;
    }

    static async Task SayAsync(IPage page, string text)
    {
        await page.Locator("input").FillAsync(text);
        await page.Locator("input").PressAsync("Enter");
    }
}
