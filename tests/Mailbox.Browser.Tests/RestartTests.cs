using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Mailbox.Browser.Tests;

public sealed class RestartTests(Chromium chromium)
{
    [Fact]
    public async Task A_killed_server_comes_back_under_an_open_page_and_nothing_is_missing_or_doubled()
    {
        await using var server = await Server.StartAsync(demo: true);
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");
        await using var bob = await Visitor.JoinAsync(chromium, server, "Bob");
        await bob.SayAsync("1");
        await bob.SayAsync("2");
        await ada.ReadsAsync("1", "2");

        await server.KillAsync();
        await ada.IsAsync("reconnecting");
        await bob.SayAsync("3, said to a dead server");
        await server.StartAgainAsync();
        await ada.ReadsAsync("1", "2", "3, said to a dead server");
        await bob.SayAsync("4");

        await ada.ReadsAsync("1", "2", "3, said to a dead server", "4");
        await bob.ReadsAsync("1", "2", "3, said to a dead server", "4");
        await ada.IsAsync("held");
        await Expect(ada.Notes).ToHaveCountAsync(0);
        Assert.Empty(ada.Exceptions);
        Assert.Empty(bob.Exceptions);
    }

    [Fact]
    public async Task Letters_that_wait_outlive_a_killed_server()
    {
        await using var server = await Server.StartAsync();
        await using var ada = await Visitor.JoinAsync(chromium, server, "Ada");
        await ada.Online.ClickAsync();
        await ada.IsAsync("offline");
        await ada.WriteLetterAsync();
        await ada.WriteLetterAsync();
        await Expect(ada.Waiting).ToHaveTextAsync("2");

        await server.KillAsync();
        await Expect(ada.Page.GetByRole(Microsoft.Playwright.AriaRole.Status)).ToHaveTextAsync("The server cannot be reached. This page keeps trying.");
        await server.StartAgainAsync();
        await Expect(ada.Waiting).ToHaveTextAsync("2");
        await ada.Online.ClickAsync();

        await Expect(ada.Texts).ToHaveCountAsync(2);
        await Expect(ada.Notes).ToHaveCountAsync(0);
    }
}
