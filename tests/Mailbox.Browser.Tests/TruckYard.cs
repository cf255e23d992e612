using System.Globalization;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Mailbox.Browser.Tests;

/// <summary>Somebody who looks at <c>/trucks</c>.</summary>
public sealed class TruckYard : IAsyncDisposable
{
    /// <summary>What the page shows, and how long each of its own requests took.</summary>
    const string Account =
        """
        () => JSON.stringify({
          at: Math.round(performance.now()), ...document.body.dataset, sentence: document.querySelector('#sentence').textContent,
          lanes: [...document.querySelectorAll('[data-lane]')].map(lane => [{ ...lane.dataset }, ...[...lane.querySelectorAll('[data-count]')].map(count => `${count.dataset.count} ${count.textContent}`)]),
          requests: performance.getEntriesByType('resource').filter(({ name }) => /\/(groups|webhooks)/.test(name))
            .map(({ name, startTime, duration }) => `${new URL(name).pathname} ${Math.round(startTime)}+${Math.round(duration)}`),
        })
        """;

    readonly IBrowserContext _context;

    TruckYard(IBrowserContext context) => _context = context;

    public static IReadOnlyList<string> Strategies { get; } = ["poll", "slow-and-fast", "fleet", "ping-pong", "sse", "websocket"];

    public IPage Page { get; private set; } = null!;

    public List<string> Exceptions { get; } = [];

    public ILocator Sentence => Page.Locator("#sentence");

    /// <param name="query">How the sliders stand at the beginning, e.g. <c>rate=5&amp;loss=0.2</c>.</param>
    public static async Task<TruckYard> OpenAsync(Chromium chromium, Server server, string query, int width = 1280, int height = 800, bool isStill = false)
    {
        var motion = isStill ? ReducedMotion.Reduce : ReducedMotion.NoPreference;
        var context = await chromium.Browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height }, ReducedMotion = motion });
        var yard = new TruckYard(context);
        yard.Page = await yard.OpenPageAsync(server, query);
        return yard;
    }

    public async Task<IPage> OpenPageAsync(Server server, string query)
    {
        var page = await _context.NewPageAsync();
        page.PageError += (_, error) => Exceptions.Add(error);
        await page.GotoAsync(new Uri(server.Address, $"/trucks?{query}").ToString());
        return page;
    }

    public ILocator Lane(string strategy) => Page.Locator($"[data-lane={strategy}]");

    public ILocator Count(string strategy, string count) => Lane(strategy).Locator($"[data-count={count}]");

    public async Task<int> NumberAsync(string strategy, string count) =>
        int.Parse((await Count(strategy, count).TextContentAsync())!, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    /// <summary>Waits until the counter of this lane is at least so high.</summary>
    public Task ReachesAsync(string strategy, string count, int least) => UntilAsync(
        "([lane, count, least]) => Number(document.querySelector(`[data-lane='${lane}'] [data-count='${count}']`).textContent.replace(',', '')) >= least",
        strategy, count, least);

    /// <summary>How many letters the page has written, or words it has said.</summary>
    public Task WrittenAsync(string what, int least) => UntilAsync("([what, least]) => Number(document.body.dataset[what]) >= least", what, least);

    async Task UntilAsync(string condition, params object[] values)
    {
        try
        {
            await Page.WaitForFunctionAsync(condition, values);
        }
        catch (TimeoutException fault)
        {
            throw new TimeoutException($"{await Page.EvaluateAsync<string>(Account)} {string.Join(' ', Exceptions)}", fault);
        }
    }

    public async Task<string> NumberOfAsync(string what) => (await Page.Locator("body").GetAttributeAsync($"data-{what}"))!;

    public Task PauseAsync() => Page.Locator("#pause").ClickAsync();

    /// <summary>Waits until every lane shows this.</summary>
    public async Task AllShowAsync(string count, string text)
    {
        foreach (var strategy in Strategies) await Expect(Count(strategy, count)).ToHaveTextAsync(text);
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
