using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace Mailbox.Browser.Tests.Client;

/// <summary>A server, a browser that opens its pages, and a backend that delivers to the mailbox <c>ada</c>.</summary>
sealed class Office : IAsyncDisposable
{
    const string Mailbox = "ada";
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    readonly IBrowserContext _context;

    Office(Server server, IBrowserContext context)
    {
        (Server, _context) = (server, context);
        Sender = new(server.Http, Mailbox);
    }

    public Server Server { get; }

    public Sender Sender { get; }

    public static Task<Office> OpenAsync(Chromium chromium) => OpenAsync(chromium.Browser);

    public static async Task<Office> OpenAsync(IBrowser browser)
    {
        var office = new Office(await Server.StartAsync(), await browser.NewTabsAsync());
        await office.Sender.PrepareAsync();
        return office;
    }

    public async Task<IPage[]> OpenTabsAsync(int count, object options)
    {
        var tabs = new IPage[count];
        for (var tab = 0; tab < count; tab++)
        {
            tabs[tab] = await _context.NewTabAsync(Server.Address);
            await tabs[tab].OpenMailboxAsync(Mailbox, options);
            await tabs[tab].UntilAsync("mailbox.state == 'open'");
        }
        return tabs;
    }

    public async Task<int> ConnectionsAsync()
    {
        var state = await Server.Http.GetFromJsonAsync<JsonElement>($"/mailboxes/{Mailbox}/state");
        return state.GetProperty("connections").GetInt32();
    }

    /// <summary>A connection that died is noticed a little later.</summary>
    public async Task HeldByAsync(int connections)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (await ConnectionsAsync() != connections) await Task.Delay(s_look, TimeProvider.System, patience.Token);
    }

    public async Task FreezeAsync(IPage tab, bool frozen)
    {
        var session = await _context.NewCDPSessionAsync(tab);
        await session.SendAsync("Page.setWebLifecycleState", new() { ["state"] = frozen ? "frozen" : "active" });
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await Server.DisposeAsync();
    }
}
