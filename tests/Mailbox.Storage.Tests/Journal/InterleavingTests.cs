using Mailbox.CrashChild;
using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

public sealed class InterleavingTests(ITestOutputHelper output)
{
    readonly FakeDisk _disk = new();

    public static TheoryData<int> Seeds => RandomisedTests.Seeds;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Commits_between_the_steps_of_snapshots_and_compaction_are_replayed_exactly_once(int seed)
    {
        output.WriteLine($"seed {seed}");
        var memory = new MemoryStore();
        var expected = new ScriptedLoad(memory, seed);
        var random = new Random(seed);
        for (var round = 0; round < 10; round++)
        {
            PlayWithSnapshots(seed, random);
            using var store = Open();
            expected.PlayTo(new ScriptedLoad(store, seed).Played);
            await StoreComparison.EqualAsync(memory, store, "group");
            expected.Refresh();
            store.Abandon();
        }
    }

    void PlayWithSnapshots(int seed, Random random)
    {
        var store = Open();
        var load = new ScriptedLoad(store, seed);
        _disk.Before = (what, name) =>
        {
            // Seldom at a read: compaction must not make more work than it does.
            if (what == "read" && random.Next(16) == 0) load.PlayNext();
            if (what == "write" && name.Contains(".snapshot")) load.PlayTo(load.Played + random.Next(4));
        };
        for (var left = random.Next(1, 4); left > 0; left--)
        {
            load.PlayTo(load.Played + random.Next(40));
            store.Upkeep.RunOnce();
            store.Upkeep.WriteSnapshot();
        }
        _disk.Before = null;
        store.Abandon();
    }

    JournalStore Open() => JournalStore.Open(
        new()
        {
            Directory = "/fake",
            Files = _disk,
            SegmentBytes = 8 << 10,
            SnapshotBytes = 1,
            SnapshotSlice = 1,
            ReserveBytes = 0,
            RunsUpkeep = false,
        },
        new FakeTimeProvider(StoreDriver.Noon));
}
