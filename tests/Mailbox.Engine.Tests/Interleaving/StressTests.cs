namespace Mailbox.Engine.Tests;

/// <summary>The same assertions with the real writer's thread, and clients on theirs.</summary>
public sealed class StressTests
{
    const int Mailboxes = 8;
    const int Senders = 4;

    static int Messages => Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1" ? 200_000 : 4_000;

    [Theory, Trait("Rule", "M9"), Trait("Rule", "G5")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Everything_arrives_once_and_in_one_order_at_everybody(int seed)
    {
        var time = new FakeTime();
        var options = new MailboxOptions(TimeSpan.FromDays(1), OverflowPolicy.Reject, 1_000_000, 1 << 30);
        await using var engine = await MailboxEngine.StartAsync(new TestStore(), new() { Mailbox = options }, time, cancel: TestContext.Current.CancellationToken);
        var faults = new List<Exception>();
        engine.Faulted += faults.Add;
        var names = Enumerable.Range(0, Mailboxes).Select(i => Office.Name($"m{i}")).ToArray();
        await engine.ChangeMembersAsync(Office.Group("g"), names, [], TestContext.Current.CancellationToken);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        Pump[] pumps =
        [
            .. names.Select((name, i) => new Pump(engine, name, seed * 100 + i, returns: true)),
            .. names.Select((name, i) => new Pump(engine, name, seed * 100 + 50 + i, returns: false)),
        ];
        // Those that stay come first: what the others acknowledge is kept for them.
        foreach (var pump in pumps.Reverse()) await pump.OpenAsync();
        var reading = pumps.Select(pump => Task.Run(() => pump.RunAsync(Messages, limit.Token), limit.Token)).ToArray();
        var sending = Enumerable.Range(0, Senders).Select(sender => Task.Run(() => SendAsync(engine, time, sender, limit.Token), limit.Token));
        await Task.WhenAll([.. sending, .. reading]);
        foreach (var pump in pumps) Assert.Equal(pumps[0].Received, pump.Received);
        foreach (var sender in Enumerable.Range(0, Senders).Select(sender => $"{sender}:"))
            Assert.Equal(Enumerable.Range(0, Messages / Senders).Select(i => $"{sender}{i}"), pumps[0].Received.Where(one => one.StartsWith(sender, StringComparison.Ordinal)));
        Assert.All(pumps, pump => Assert.Equal(0, pump.Strays));
        Assert.Empty(faults);
    }

    static async Task SendAsync(MailboxEngine engine, FakeTime time, int sender, CancellationToken cancel)
    {
        for (var i = 0; i < Messages / Senders; i++)
        {
            var sent = await engine.SendAsync(Office.Group("g"), Office.Draft($"{sender}:{i}"), cancel: cancel);
            Assert.Equal(Mailboxes, sent.Stored);
            if (i % 100 == 0) time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
