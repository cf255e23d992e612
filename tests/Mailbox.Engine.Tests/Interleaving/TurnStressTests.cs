using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>Many who take the turn from each other, a store that is full at times, and an engine that stops under them.</summary>
public sealed class TurnStressTests : IAsyncDisposable
{
    const int Clients = 8;
    const int Mailboxes = 4;
    const int FullEvery = 7;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly FakeTime _time = new();
    readonly TestStore _store = new();
    readonly MailboxEngine _engine;
    int _commits;
    int _committing;
    int _most;
    long _answers;

    public TurnStressTests()
    {
        _store.Committing = Begin;
        _store.Committed = () => Interlocked.Decrement(ref _committing);
        _engine = MailboxEngine.StartAsync(_store, new(), _time).GetAwaiter().GetResult();
    }

    static int Answers => Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1" ? 100_000 : 10_000;

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Theory, Trait("Rule", "M3"), Trait("Rule", "M5")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task One_at_a_time_has_the_turn_and_everybody_is_answered_also_by_an_engine_that_stops(int seed)
    {
        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(() => RunAsync(new(seed * 100 + client)))).ToArray();
        using var limit = new CancellationTokenSource(s_patience, TimeProvider.System);
        await Wait(Answers, limit.Token);
        await DisposeAsync().AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);
        await Task.WhenAll(clients).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, _most);
    }

    void Begin()
    {
        _most = Math.Max(_most, Interlocked.Increment(ref _committing));
        // Whoever comes now comes in the middle of somebody's turn.
        Thread.Yield();
        if (++_commits % FullEvery != 0) return;
        Interlocked.Decrement(ref _committing);
        throw new StoreFullException("The store was made to be full.");
    }

    async Task Wait(long answers, CancellationToken limit)
    {
        while (Volatile.Read(ref _answers) < answers)
        {
            limit.ThrowIfCancellationRequested();
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    async Task RunAsync(Random random)
    {
        while (await AskAsync(random)) Interlocked.Increment(ref _answers);
    }

    async Task<bool> AskAsync(Random random)
    {
        var name = Office.Name($"m{random.Next(Mailboxes)}");
        switch (random.Next(16))
        {
            case 0:
                return (await _engine.DeliverAsync(name, Office.Draft("1"))).Outcome != Outcome.Stopping;
            case 1:
                return (await _engine.UplinkAsync(name, new("c", []))).Outcome != Outcome.Stopping;
            default:
                var opened = await _engine.OpenAsync(name, new() { Idle = TimeSpan.FromSeconds(random.Next(60, 600)) }, new Bell());
                opened.Reader?.Close();
                return opened.Outcome != OpenOutcome.Stopping;
        }
    }
}
