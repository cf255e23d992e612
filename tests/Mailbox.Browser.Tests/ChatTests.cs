using System.Net.Http.Json;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Mailbox.Browser.Tests;

public sealed class ChatTests(Chromium chromium)
{
    [Fact]
    public async Task Two_browsers_chat_and_every_line_shows_once()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");
        await using var bob = await Visitor.JoinAsync(chromium, server, "Bob");

        await ada.SayAsync("Hello Bob");
        await bob.ReadsAsync("Hello Bob");
        await bob.SayAsync("Hello Ada");

        await ada.ReadsAsync("Hello Bob", "Hello Ada");
        await bob.ReadsAsync("Hello Bob", "Hello Ada");
        await Expect(ada.Page.Locator(".fate")).ToHaveTextAsync("stored in 1 mailbox");
        Assert.Empty(ada.ConsoleErrors);
        Assert.Empty(bob.ConsoleErrors);
    }

    [Fact]
    public async Task A_page_that_was_closed_finds_what_was_sent_meanwhile()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");
        await using var bob = await Visitor.JoinAsync(chromium, server, "Bob");
        await bob.SayAsync("Before");
        await ada.ReadsAsync("Before");

        await ada.Page.CloseAsync();
        await bob.SayAsync("Meanwhile");
        await Expect(bob.Page.Locator(".fate").Nth(1)).ToHaveTextAsync("stored in 1 mailbox");
        await ada.OpenPageAsync();
        await ada.ReadsAsync("Before", "Meanwhile");
        await bob.SayAsync("After");

        await ada.ReadsAsync("Before", "Meanwhile", "After");
        await Expect(ada.Notes).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Another_browser_with_the_same_name_finds_what_waits()
    {
        await using var server = await Server.StartAsync();
        await using (var ada = await Visitor.JoinAsync(chromium, server, "Ada"))
            await ada.Online.ClickAsync();
        await using var bob = await Visitor.JoinAsync(chromium, server, "Bob");
        await bob.SayAsync("Wherever you are");
        await Expect(bob.Page.Locator(".fate")).ToHaveTextAsync("stored in 1 mailbox");

        await using var elsewhere = await Visitor.JoinAsync(chromium, server, "Ada");

        await elsewhere.ReadsAsync("Wherever you are");
    }

    [Fact]
    public async Task A_letter_that_any_backend_writes_is_shown_as_text()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada Lovelace");

        await server.Http.PostAsync("/mailboxes/chat-Ada~20Lovelace", new StringContent("<b>from a shell</b>"), TestContext.Current.CancellationToken);

        await ada.ReadsAsync("<b>from a shell</b>");
    }

    [Fact]
    public async Task What_a_full_mailbox_pushed_out_is_told_in_its_place()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");
        await server.Http.PutAsJsonAsync("/mailboxes/chat-Ada", new { maxMessages = 2 }, TestContext.Current.CancellationToken);
        await server.Http.PostAsync("/mailboxes/chat-Ada", new StringContent("1"), TestContext.Current.CancellationToken);
        await ada.ReadsAsync("1");
        await ada.Online.ClickAsync();
        await ada.IsAsync("offline");
        foreach (var text in new[] { "2", "3", "4" })
            await server.Http.PostAsync("/mailboxes/chat-Ada", new StringContent(text), TestContext.Current.CancellationToken);

        await ada.Online.ClickAsync();

        await ada.ReadsAsync("1", "3", "4");
        await Expect(ada.Page.Locator("#lines > *").Nth(1)).ToHaveTextAsync("The mailbox was full: its oldest letters were pushed out.");
        await Expect(ada.Notes).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_removed_mailbox_ends_the_page_until_it_is_opened_again()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");

        await server.Http.DeleteAsync("/mailboxes/chat-Ada", TestContext.Current.CancellationToken);
        await ada.IsAsync("closed");
        await Expect(ada.Notes).ToHaveTextAsync("The mailbox was removed.");
        await ada.Online.ClickAsync();
        await ada.IsAsync("held");
        await server.Http.PostAsync("/groups/chat", new StringContent("Welcome back"), TestContext.Current.CancellationToken);

        await ada.ReadsAsync("Welcome back");
    }
}
