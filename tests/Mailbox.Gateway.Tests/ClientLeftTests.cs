namespace Mailbox.Gateway.Tests;

/// <summary>A client that leaves while the grid has not answered.</summary>
public sealed class ClientLeftTests
{
    [Theory]
    [InlineData("GET /mailboxes/a")]
    [InlineData("GET /mailboxes/a?wait=0")]
    [InlineData("GET /mailboxes/a/state")]
    [InlineData("GET /mailboxes")]
    [InlineData("GET /groups/g")]
    public async Task What_it_asked_is_given_up(string request)
    {
        var grid = new ScriptedGrid { IsStuck = true };
        await using var host = await GatewayHost.StartAsync(grid: grid);
        using (await RawConnection.SayAsync(host.Address, $"{request} HTTP/1.1\r\nHost: x\r\n\r\n"))
            await GatewayHost.UntilAsync(() => grid.Asked is not null);
        // Where it might only have ended its side there is time for an answer.
        await GatewayHost.UntilAsync(() =>
        {
            host.Time.Pass(TimeSpan.FromSeconds(1));
            return grid.Asked!.Value.IsCancellationRequested;
        });
        Assert.Equal(0, host.Held.Count);
    }

    [Fact]
    public async Task What_it_delivered_is_delivered()
    {
        var grid = new ScriptedGrid();
        await using var host = await GatewayHost.StartAsync(grid: grid);
        (await host.DeliverAsync("a", "x")).Dispose();
        Assert.False(grid.Asked!.Value.CanBeCanceled);
    }
}
