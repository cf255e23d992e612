using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Mailbox.Grains.Tests;

/// <summary>Readers at a gateway whose mailboxes are at a silo, while what is between them does its worst.</summary>
public sealed class RemoteReaderTests : IAsyncLifetime
{
    static readonly MailboxName s_a = Grid.Name("a");

    Grid _grid = null!;

    GatewayLink Link => _grid.GatewaySilo.GetRequiredService<GatewayLink>();

    GatewaySessions Sessions => _grid.Silo.GetRequiredService<GatewaySessions>();

    string Gateway => _grid.GatewaySilo.GetRequiredService<GridRequests>().Gateway;

    public async ValueTask InitializeAsync() => _grid = await Grid.StartAsync();

    public async ValueTask DisposeAsync() => await _grid.DisposeAsync();

    [Theory, Trait("Rule", "M9"), Trait("Rule", "M10")]
    [InlineData(1)]
    [InlineData(20_261_121)]
    public async Task Batches_that_are_lost_come_twice_or_late_neither_lose_nor_repeat(int seed)
    {
        var weather = new Weather(new(seed));
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a);
        Link.OnTheWay = weather.Pass;
        for (var i = 1; i <= 200; i++) await _grid.DeliverAsync("a", $"{i}");
        Link.OnTheWay = null;
        await _grid.DeliverAsync("a", "201");
        var all = string.Join(' ', Enumerable.Range(1, 201));
        await Wait.UntilAsync(() => listener.Heard.Length >= all.Length, () => $"Seed {seed}: {listener.Heard}");
        Assert.Equal(all, listener.Heard);
        Assert.True(weather.Disturbed > 0, $"Seed {seed} disturbed nothing.");
    }

    [Fact]
    public async Task The_link_of_a_gateway_outlives_a_collection()
    {
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        await _grid.DeliverAsync("a", "1");
        await Wait.UntilAsync(() => listener.Heard == "1");
    }

    [Fact]
    public async Task Readers_whose_silo_has_forgotten_them_attach_again_after_a_beat()
    {
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a);
        Sessions.Drop(Gateway);
        await _grid.DeliverAsync("a", "1");
        Assert.Equal("", listener.Heard);
        Beat();
        await Wait.UntilAsync(() => listener.Heard == "1");
        Assert.Equal(1, Sessions.CountOf(Gateway));
    }

    [Fact]
    public async Task A_reader_that_a_gateway_has_not_any_more_is_closed_when_it_is_pushed_something()
    {
        var readers = _grid.GatewaySilo.GetRequiredService<RemoteReaders>();
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a);
        readers.Remove((RemoteReader)listener.Reader);
        await _grid.DeliverAsync("a", "1");
        await Wait.UntilAsync(() => Sessions.CountOf(Gateway) == 0);
    }

    [Fact, Trait("Rule", "M14")]
    public async Task A_connection_that_closes_holds_the_mailbox_no_more()
    {
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a);
        await _grid.DeliverAsync("a", "1");
        await Wait.UntilAsync(() => listener.Heard == "1");
        listener.Reader.Close();
        await Wait.UntilAsync(() => Sessions.CountOf(Gateway) == 0 && _grid.IsQuiet);
        Assert.Equal(0, (await _grid.Mailboxes.GetAsync(s_a, TestContext.Current.CancellationToken))!.Connections);
    }

    [Fact]
    public async Task A_gateway_that_takes_no_batch_is_dropped_and_its_readers_come_back()
    {
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a);
        Link.OnTheWay = static _ => throw new InvalidOperationException("The gateway is out of order.");
        await _grid.DeliverAsync("a", "1");
        await Wait.UntilAsync(() => Sessions.CountOf(Gateway) == 0);
        Link.OnTheWay = null;
        Beat();
        await Wait.UntilAsync(() => listener.Heard == "1");
    }

    [Fact, Trait("Rule", "M18")]
    public async Task A_reader_of_a_mailbox_that_is_removed_is_told()
    {
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a);
        Assert.Equal(Outcome.Stored, await _grid.Mailboxes.RemoveAsync(s_a, TestContext.Current.CancellationToken));
        await Wait.UntilAsync(() => listener.Ending is not null);
        Assert.Equal(Ending.Deleted, listener.Ending);
    }

    [Fact, Trait("Rule", "M7")]
    public async Task A_reader_that_attaches_again_acknowledges_nothing_by_that()
    {
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a);
        await _grid.DeliverAsync("a", "1");
        await Wait.UntilAsync(() => listener.Heard == "1");
        Sessions.Drop(Gateway);
        Beat();
        await _grid.DeliverAsync("a", "2");
        await Wait.UntilAsync(() => listener.Heard == "1 2");
        Assert.Equal((2, 0), ((await _grid.Mailboxes.GetAsync(s_a, TestContext.Current.CancellationToken))!.Messages, (int)(await _grid.Mailboxes.GetAsync(s_a, TestContext.Current.CancellationToken))!.Acknowledged.Sequence));
    }

    [Fact, Trait("Rule", "M7")]
    public void A_gateway_that_was_silent_is_heard_of_from_then_on()
    {
        var time = new FakeTimeProvider();
        var session = new GatewaySession("gateway", 1, Link, time, static (_, _) => { });
        time.Advance(TimeSpan.FromSeconds(9));
        session.Hear();
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(TimeSpan.MaxValue, session.HeardFor);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, session.HeardFor);
        session.Hear();
        time.Advance(TimeSpan.FromSeconds(8));
        session.Hear();
        Assert.Equal(TimeSpan.FromSeconds(8), session.HeardFor);
    }

    void Beat() => _grid.GatewaySilo.GetRequiredService<GridRequests>().Beat();
}
