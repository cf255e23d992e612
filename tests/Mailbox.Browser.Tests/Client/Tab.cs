using Microsoft.Playwright;

namespace Mailbox.Browser.Tests.Client;

/// <summary>A page that opens mailboxes with the client, as any page may.</summary>
static class Tab
{
    const float PatientMilliseconds = 120_000;
    const float LookMilliseconds = 50;
    const string Seen = "`${got.length} came, the last ${got.at(-1)}; ${states.slice(-8).join(', ')}`";

    /// <summary>Playwright waits by evaluating, which the pages do not allow.</summary>
    public static Task<IBrowserContext> NewTabsAsync(this Chromium chromium) => chromium.Browser.NewTabsAsync();

    public static Task<IBrowserContext> NewTabsAsync(this IBrowser browser) => browser.NewContextAsync(new() { BypassCSP = true });

    public static async Task<IPage> NewTabAsync(this IBrowserContext context, Uri address)
    {
        var page = await context.NewPageAsync();
        // Any small document of the origin.
        await page.GotoAsync(new Uri(address, "/mailbox-client.js").ToString());
        await page.EvaluateAsync("async () => { window.client = await import('/mailbox-client.js'); }");
        return page;
    }

    /// <summary>What comes is kept in <c>got</c>, <c>gaps</c> and <c>states</c>; what is said in <c>said</c>.</summary>
    public static Task OpenMailboxAsync(this IPage page, string name, object options) => page.EvaluateAsync(
        """
        ([name, options]) => {
          window.got = [];
          window.gaps = [];
          window.states = [];
          window.said = [];
          window.mailbox = client.open('', name, { ...options, onGap: gap => gaps.push(gap) });
          mailbox.addEventListener('state', ({ detail }) => states.push(`${detail.state} ${detail.reason} ${detail.transport}`));
          mailbox.addEventListener('message', ({ detail }) => got.push(Number(detail.data)));
        }
        """,
        new object[] { name, options });

    public static Task<int[]> GotAsync(this IPage page) => page.EvaluateAsync<int[]>("got");

    /// <summary>A tab behind others draws nothing: it is looked at by the clock.</summary>
    public static async Task UntilAsync(this IPage page, string condition)
    {
        try
        {
            await page.WaitForFunctionAsync(condition, null, new() { Timeout = PatientMilliseconds, PollingInterval = LookMilliseconds });
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{condition}: {await page.EvaluateAsync<string>(Seen)}", late);
        }
    }

    public static Task UntilGotAsync(this IPage page, int count) => page.UntilAsync($"got.length >= {count}");
}
