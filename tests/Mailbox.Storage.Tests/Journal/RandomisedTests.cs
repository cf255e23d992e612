using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

public sealed class RandomisedTests(ITestOutputHelper output) : IDisposable
{
    readonly TemporaryDirectory _directory = new();

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Rounds.Of(normal: 12, @long: 300)), Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_journal_knows_what_the_memory_store_knows_through_crashes_snapshots_and_compaction(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var twins = new TwinStores(Options(), seed);
        for (var step = 0; step < 600; step++)
        {
            twins.DoSomething();
            switch (random.Next(60))
            {
                case 0: twins.Reopen(cleanly: true); break;
                case 1: twins.Reopen(cleanly: false); break;
                case 2 or 3: twins.Journal.Upkeep.WriteSnapshot(); break;
                case 4 or 5: twins.Journal.Upkeep.RunOnce(); break;
                case 6: await twins.CompareAsync(); break;
            }
        }
        twins.Reopen(cleanly: false);
        await twins.CompareAsync();
        Assert.True(twins.Journal.Segments.InOrder.First().Number > 1, "nothing was compacted");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Snapshots_and_compaction_beside_commits_change_nothing(int seed)
    {
        output.WriteLine($"seed {seed}");
        using var twins = new TwinStores(Options(), seed);
        using var done = new CancellationTokenSource();
        var beside = Task.Run(() => WorkBeside(twins.Journal.Upkeep, done.Token), TestContext.Current.CancellationToken);
        for (var step = 0; step < 1500; step++) twins.DoSomething();
        await done.CancelAsync();
        await beside;
        twins.Reopen(cleanly: false);
        await twins.CompareAsync();
    }

    public void Dispose() => _directory.Dispose();

    JournalOptions Options() =>
        new() { Directory = _directory.Path, SegmentBytes = 16 << 10, ReserveBytes = 0, SnapshotBytes = 1, RunsUpkeep = false };

    static void WorkBeside(JournalUpkeep upkeep, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested) upkeep.RunOnce();
    }
}
