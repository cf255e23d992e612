using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Mailbox.Browser.Tests;

/// <summary>Somebody with a browser of their own, who uses the page as people do.</summary>
public sealed class Visitor : IAsyncDisposable
{
    readonly IBrowserContext _context;
    readonly Uri _address;

    Visitor(IBrowserContext context, Uri address) => (_context, _address) = (context, address);

    public IPage Page { get; private set; } = null!;

    /// <summary>Uncaught exceptions of the page.</summary>
    public List<string> Exceptions { get; } = [];

    /// <summary>What the page or the browser wrote to the console as an error, a refused request included.</summary>
    public List<string> ConsoleErrors { get; } = [];

    public ILocator Way => Page.Locator(".way");

    public ILocator Online => Page.GetByRole(AriaRole.Switch, new() { Name = "Online" });

    public ILocator Waiting => Page.Locator("#waiting");

    /// <summary>The envelopes in the picture of the mailbox.</summary>
    public ILocator Pile => Page.Locator("#pile .envelope");

    /// <summary>The texts of the chat, one's own and the others'.</summary>
    public ILocator Texts => Page.GetByRole(AriaRole.Log).Locator(".text");

    public ILocator Notes => Page.GetByRole(AriaRole.Log).Locator(".note");

    public static async Task<Visitor> ArriveAsync(Chromium chromium, Server server, int width = 1280, int height = 900)
    {
        var context = await chromium.Browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height } });
        var visitor = new Visitor(context, server.Address);
        await visitor.OpenPageAsync();
        return visitor;
    }

    public static async Task<Visitor> JoinAsync(Chromium chromium, Server server, string name)
    {
        var visitor = await ArriveAsync(chromium, server);
        await visitor.ChooseNameAsync(name);
        return visitor;
    }

    public async Task OpenPageAsync()
    {
        Page = await _context.NewPageAsync();
        Page.PageError += (_, error) => Exceptions.Add(error);
        Page.Console += (_, message) => { if (message.Type == "error") ConsoleErrors.Add($"{message.Text} {message.Location}"); };
        await Page.GotoAsync(_address.ToString());
    }

    public async Task ChooseNameAsync(string name)
    {
        await Page.GetByLabel("Your name").FillAsync(name);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Open mailbox" }).ClickAsync();
        await IsAsync("held");
    }

    /// <summary>Waits until the picture shows this status.</summary>
    public Task IsAsync(string status) => Expect(Way).ToHaveAttributeAsync("data-status", status);

    public async Task SayAsync(string text)
    {
        await Page.GetByLabel("Message to the group").FillAsync(text);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Send", Exact = true }).ClickAsync();
    }

    public Task WriteLetterAsync() => Page.GetByRole(AriaRole.Button, new() { Name = "Write a letter" }).ClickAsync();

    /// <summary>Waits until the chat shows exactly these texts in this order.</summary>
    public Task ReadsAsync(params string[] texts) => Expect(Texts).ToHaveTextAsync(texts);

    public Task<bool> ScrollsSidewaysAsync() =>
        Page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth");

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
