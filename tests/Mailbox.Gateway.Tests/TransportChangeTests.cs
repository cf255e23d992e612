using System.Globalization;

namespace Mailbox.Gateway.Tests;

/// <summary>A position is the same on every transport (spec M4): who changes transport in mid-stream loses and repeats nothing.</summary>
public sealed class TransportChangeTests
{
    const int Messages = 200;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_client_that_goes_from_transport_to_transport_over_cuts_and_lost_answers_gets_all_once_in_order(int seed)
    {
        await using var host = await GatewayHost.StartAsync();
        await Taker.JoinAsync(host);
        var client = new Wanderer(host, new(seed));
        var delivering = DeliverAsync(host);
        await client.GoAsync(Messages).WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
        await delivering;
        await client.FinishAsync().WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, Messages), client.Got);
        Assert.Empty(client.Gaps);
        Assert.Equal(Enumerable.Range(1, client.Said), (await Taker.ReadAsync(host)).Select(letter => (int)letter.Number!));
    }

    static async Task DeliverAsync(GatewayHost host)
    {
        for (var i = 1; i <= Messages; i++)
            (await host.DeliverAsync("a", i.ToString(CultureInfo.InvariantCulture), ("Content-Type", "text/plain"))).Dispose();
    }
}
