namespace Mailbox.Grains.Tests;

/// <summary>A client is answered before the silo knows: what it asks next, by the same gateway, is not to arrive as if it had not been.</summary>
public sealed class LateReportTests : IAsyncLifetime
{
    static readonly MailboxName s_a = Grid.Name("a");

    readonly HeldReports _reports = new();
    Grid _grid = null!;

    public async ValueTask InitializeAsync() => _grid = await Grid.StartAsync(_reports);

    public async ValueTask DisposeAsync()
    {
        _reports.Release();
        await _grid.DisposeAsync();
    }

    [Fact, Trait("Rule", "M8")]
    public async Task What_a_poll_was_answered_is_not_unread_for_the_next()
    {
        await _grid.DeliverAsync("a", "1");
        Assert.Equal(1, await PollAsync());
        await Wait.UntilAsync(() => _reports.HasOne);
        await _grid.DeliverAsync("a", "2");
        var second = PollAsync();
        _reports.Release();
        Assert.Equal(1, await second);
        Assert.Equal(0, await PollAsync());
    }

    [Fact, Trait("Rule", "M14")]
    public async Task A_reader_that_has_left_stands_in_nobodys_way()
    {
        var request = new OpenRequest { Conflict = ConflictPolicy.Reject };
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a, request);
        Assert.Equal(OpenOutcome.Conflict, (await _grid.Mailboxes.OpenAsync(s_a, request, new Deaf(), TestContext.Current.CancellationToken)).Outcome);
        listener.Reader.Close();
        var open = _grid.Mailboxes.OpenAsync(s_a, request, new Deaf(), TestContext.Current.CancellationToken);
        _reports.Release();
        Assert.Equal(OpenOutcome.Opened, (await open).Outcome);
    }

    [Fact, Trait("Rule", "M14")]
    public async Task A_reader_that_has_left_is_not_taken_over()
    {
        var after = (await _grid.Mailboxes.DeliverAsync(s_a, Grid.Draft("1"), TestContext.Current.CancellationToken)).Position;
        var listener = await Listener.OpenAsync(_grid.Mailboxes, s_a, new() { Client = "c" });
        listener.Reader.Close();
        var takeover = new OpenRequest { Client = "d", After = after, Conflict = ConflictPolicy.Takeover };
        var open = _grid.Mailboxes.OpenAsync(s_a, takeover, new Deaf(), TestContext.Current.CancellationToken);
        _reports.Release();
        Assert.Equal(OpenOutcome.Opened, (await open).Outcome);
        Assert.Equal(OpenOutcome.Opened, (await _grid.Mailboxes.OpenAsync(s_a, new() { Client = "c" }, new Deaf(), TestContext.Current.CancellationToken)).Outcome);
    }

    async Task<int> PollAsync()
    {
        var reader = (await _grid.Mailboxes.OpenAsync(s_a, new(), null)).Reader!;
        var taken = new List<Received>();
        while (reader.TryRead(taken) == ReadStatus.Read) { }
        reader.Written();
        reader.Close();
        return taken.Count;
    }

    sealed class Deaf : IReaderSignal
    {
        public void Ready() { }
    }
}
