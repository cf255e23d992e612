namespace Mailbox.Engine.Tests;

/// <summary>Whose turn it is to write: the writer's thread, or whoever asks for something brief.</summary>
public sealed class TurnTests : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    static readonly MailboxName s_a = Office.Name("a");

    readonly TestStore _store = new();
    readonly FakeTime _time = new();
    readonly MailboxEngine _engine;

    public TurnTests() => _engine = MailboxEngine.StartAsync(_store, new(), _time).GetAwaiter().GetResult();

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task An_open_that_nothing_stands_before_is_done_when_it_returns()
    {
        var opening = _engine.OpenAsync(s_a, new(), new Bell(), TestContext.Current.CancellationToken);
        Assert.True(opening.IsCompletedSuccessfully);
        Assert.Equal(OpenOutcome.Opened, (await opening).Outcome);
    }

    [Fact]
    public async Task An_open_behind_a_delivery_that_is_being_stored_waits_for_its_turn()
    {
        using var isStoring = new SemaphoreSlim(0);
        using var mayGoOn = new SemaphoreSlim(0);
        _store.Committing = () =>
        {
            _store.Committing = null;
            isStoring.Release();
            Assert.True(mayGoOn.Wait(s_patience));
        };
        var delivering = _engine.DeliverAsync(s_a, Office.Draft("1"), TestContext.Current.CancellationToken);
        Assert.True(await isStoring.WaitAsync(s_patience, TestContext.Current.CancellationToken));

        var opening = _engine.OpenAsync(s_a, new() { From = StartFrom.Now }, new Bell(), TestContext.Current.CancellationToken);
        Assert.False(opening.IsCompleted);
        mayGoOn.Release();

        Assert.Equal(1, (await opening).Reader!.Position.Sequence);
        Assert.Equal(Outcome.Stored, (await delivering).Outcome);
    }

    [Fact]
    public async Task What_comes_while_an_open_has_the_turn_is_done_after_it()
    {
        ValueTask<DeliverResult> delivering = default;
        _store.Committing = () =>
        {
            _store.Committing = null;
            delivering = _engine.DeliverAsync(s_a, Office.Draft("1"));
        };
        var bell = new Bell();
        var opened = await _engine.OpenAsync(s_a, new() { From = StartFrom.Now }, bell, TestContext.Current.CancellationToken);

        Assert.Equal(1, (await delivering).Connections);
        Assert.Equal("1", new Line(opened.Reader!, bell).Read());
    }

    [Fact]
    public async Task An_open_that_is_refused_in_its_own_turn_leaves_the_turn_free()
    {
        _store.HasNoReserve = true;
        Assert.Equal(OpenOutcome.Unavailable, (await _engine.OpenAsync(s_a, new(), new Bell(), TestContext.Current.CancellationToken)).Outcome);
        _store.HasNoReserve = false;
        Assert.Equal(OpenOutcome.Opened, (await _engine.OpenAsync(s_a, new(), new Bell(), TestContext.Current.CancellationToken)).Outcome);
        Assert.Equal(Outcome.Stored, (await _engine.DeliverAsync(s_a, Office.Draft("1"), TestContext.Current.CancellationToken)).Outcome);
    }

    [Fact, Trait("Rule", "M15")]
    public async Task Who_polls_again_before_anybody_looked_was_never_away()
    {
        (await _engine.OpenAsync(s_a, new(), new Bell(), TestContext.Current.CancellationToken)).Reader!.Close();
        var commits = _store.Commits;
        var again = await _engine.OpenAsync(s_a, new(), new Bell(), TestContext.Current.CancellationToken);
        Assert.Equal(commits, _store.Commits);
        again.Reader!.Close();
    }

    [Fact, Trait("Rule", "M14")]
    public async Task A_connection_that_has_closed_counts_no_more()
    {
        var request = new OpenRequest { Conflict = ConflictPolicy.Reject };
        (await _engine.OpenAsync(s_a, request, new Bell(), TestContext.Current.CancellationToken)).Reader!.Close();
        Assert.Equal(0, (await _engine.DeliverAsync(s_a, Office.Draft("1"), TestContext.Current.CancellationToken)).Connections);
        (await _engine.OpenAsync(s_a, request, new Bell(), TestContext.Current.CancellationToken)).Reader!.Close();
        Assert.Equal(OpenOutcome.Opened, (await _engine.OpenAsync(s_a, request, new Bell(), TestContext.Current.CancellationToken)).Outcome);
        Assert.Equal(1, (await _engine.GetAsync(s_a, TestContext.Current.CancellationToken))!.Connections);
    }

    [Fact, Trait("Rule", "M15")]
    public async Task So_many_that_have_closed_wait_for_nobody()
    {
        const int Whole = 4096;
        var readers = new List<IMailboxReader>();
        for (var i = 0; i < Whole; i++) readers.Add((await _engine.OpenAsync(Office.Name($"m{i}"), new(), new Bell(), TestContext.Current.CancellationToken)).Reader!);
        using var isStored = new SemaphoreSlim(0);
        _store.Committed = () => isStored.Release();

        foreach (var reader in readers) reader.Close();

        Assert.True(await isStored.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(_engine.Mailboxes.All, static mailbox => mailbox.IsHeld);
    }
}
