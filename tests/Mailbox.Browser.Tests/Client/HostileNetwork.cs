using System.Globalization;
using Xunit;

namespace Mailbox.Browser.Tests.Client;

/// <summary>
/// Each way of running the trucks, over a network that breaks whatever it can. Mostly they wait for what broke, so several classes do it
/// beside each other.
/// </summary>
public abstract class HostileNetwork(Chromium chromium, ITestOutputHelper output)
{
    const int Messages = 1_000;
    const int Batch = 25;
    const int Faults = 8;

    protected async Task ComeOnceAndInOrderAsync(string transport, int seed)
    {
        output.WriteLine($"seed {seed}");
        await using var server = await Server.StartAsync(options: ["--Mailbox:Heartbeat", "00:00:01"]);
        await using var proxy = new FaultProxy(server.Address, seed);
        await using var context = await chromium.NewTabsAsync();
        var sender = new Sender(server.Http, "ada");
        await sender.PrepareAsync();
        var page = await context.NewTabAsync(proxy.Address);
        await page.OpenMailboxAsync("ada", new { transport, heartbeat = 1, wait = 3, every = 0.2, share = false });
        proxy.Misbehave();

        for (var sent = 0; sent < Messages; sent += Batch)
        {
            await sender.DeliverAsync(Batch);
            await page.EvaluateAsync("text => { said.push(mailbox.send(text)); }", Say(sent));
            await page.UntilGotAsync(sent);
        }
        await page.UntilGotAsync(Messages);

        output.WriteLine($"{proxy.Faults} faults, {await page.EvaluateAsync<string>("states.length + ' states, last ' + states.at(-1)")}");
        Assert.Equal(Enumerable.Range(1, Messages), await page.GotAsync());
        await page.EvaluateAsync("Promise.all(said)");
        Assert.Equal(Said(), transport == "fleet" ? (await sender.SaidAsync()).OrderBy(NumberOf) : await sender.SaidAsync());
        Assert.Equal(0, await page.EvaluateAsync<int>("gaps.length"));
        Assert.True(proxy.Faults >= Faults, $"only {proxy.Faults} faults");
    }

    static string Say(int sent) => $"said {sent}";

    static int NumberOf(string said) => int.Parse(said.AsSpan("said ".Length), CultureInfo.InvariantCulture);

    static IEnumerable<string> Said() => Enumerable.Range(0, Messages / Batch).Select(batch => Say(batch * Batch));
}
