using Microsoft.Extensions.DependencyInjection;

namespace Mailbox.Grains.Tests;

/// <summary>What another process cancels is not cancelled here: only a gateway that leaves itself gives its readers up.</summary>
public sealed class CancelledAttachTests
{
    static readonly MailboxName s_a = Grid.Name("a");

    [Fact]
    public async Task A_reader_whose_attach_the_silo_cancelled_attaches_again()
    {
        var attaches = new CancelledAttaches();
        await using var grid = await Grid.StartAsync(attaches);
        var listener = await Listener.OpenAsync(grid.Mailboxes, s_a);

        attaches.Cancel(2);
        foreach (var session in grid.GatewaySilo.GetRequiredService<GridRequests>().Sessions) session.End();
        await Wait.UntilAsync(() => attaches.AreDone);

        await grid.DeliverAsync("a", "1");
        await Wait.UntilAsync(() => listener.Heard == "1");
    }

    [Fact]
    public async Task An_open_that_the_silo_cancelled_is_tried_again()
    {
        var attaches = new CancelledAttaches();
        attaches.Cancel(2);
        await using var grid = await Grid.StartAsync(attaches);
        var listener = await Listener.OpenAsync(grid.Mailboxes, s_a);

        await grid.DeliverAsync("a", "1");
        await Wait.UntilAsync(() => listener.Heard == "1");
    }
}
