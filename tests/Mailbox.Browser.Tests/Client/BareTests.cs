using Xunit;

namespace Mailbox.Browser.Tests.Client;

/// <summary>What a page can do without any client: first-class readers in a few lines.</summary>
public sealed class BareTests(Chromium chromium)
{
    const string EventSourcePage =
        """
        () => {
          window.got = [];
          const source = new EventSource('/mailboxes/ada?from=oldest');
          source.onmessage = ({ data }) => got.push(Number(data));
          source.addEventListener('mailbox.closed', ({ data }) => { if (!JSON.parse(data).reconnect) source.close(); });
        }
        """;

    const string LongPollPage =
        """
        () => {
          window.got = [];
          (async () => {
            for (let place = 'from=oldest'; ;) {
              try {
                const answer = await fetch(`/mailboxes/ada?${place}`);
                if (answer.status === 204) return;
                const { position, messages, closed } = await answer.json();
                got.push(...messages.map(({ data }) => data));
                place = `after=${position}`;
                if (closed && !closed.reconnect) return;
              } catch {
                await new Promise(done => setTimeout(done, Math.random() * 1000));
              }
            }
          })();
        }
        """;

    [Theory]
    [InlineData(EventSourcePage)]
    [InlineData(LongPollPage)]
    public async Task A_bare_page_loses_nothing_over_cuts(string script)
    {
        await using var server = await Server.StartAsync();
        await using var proxy = new FaultProxy(server.Address, seed: 3);
        await using var context = await chromium.NewTabsAsync();
        var sender = new Sender(server.Http, "ada");
        await sender.PrepareAsync();
        var page = await context.NewTabAsync(proxy.Address);
        await page.EvaluateAsync(script);

        for (var sent = 0; sent < 60; sent += 20)
        {
            await sender.DeliverAsync(20);
            await page.UntilGotAsync(sent + 20);
            proxy.Misbehave(Fate.Passed);
        }

        Assert.Equal(Enumerable.Range(1, 60), await page.GotAsync());
    }
}
