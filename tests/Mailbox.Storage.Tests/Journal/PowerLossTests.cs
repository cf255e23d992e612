using Mailbox.CrashChild;
using Mailbox.Storage.Journal;
using Xunit;
using Xunit.Abstractions;

namespace Mailbox.Storage.Tests.Journal;

public sealed class PowerLossTests(ITestOutputHelper output)
{
    readonly FakeDisk _disk = new();

    public static TheoryData<int> Seeds => RandomisedTests.Seeds;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Everything_up_to_the_last_synced_answer_is_there_and_nothing_after_a_lost_one(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var memory = new MemoryStore();
        var expected = new ScriptedLoad(memory, seed);
        for (var round = 0; round < 8; round++)
        {
            var synced = PlayAndLosePower(seed, random);
            using var store = Open();
            var played = new ScriptedLoad(store, seed).Played;
            Assert.InRange(played, synced, int.MaxValue);
            expected.PlayTo(played);
            await StoreComparison.EqualAsync(memory, store, "group");
            expected.Refresh();
        }
    }

    int PlayAndLosePower(int seed, Random random)
    {
        var store = Open();
        var load = new ScriptedLoad(store, seed);
        var synced = 0;
        for (var left = random.Next(100); left > 0; left--)
        {
            load.PlayNext();
            if (load.LastDurability == Durability.Disk) synced = load.Played;
            if (random.Next(30) == 0) store.Upkeep.RunOnce();
        }
        store.Abandon();
        _disk.LosePower(random);
        return synced;
    }

    JournalStore Open() => JournalStore.Open(
        new()
        {
            Directory = "/fake",
            Files = _disk,
            SegmentBytes = 8 << 10,
            SnapshotBytes = 4 << 10,
            ReserveBytes = 0,
            RunsUpkeep = false,
            Notice = output.WriteLine,
        },
        new FixedTime(StoreDriver.Noon));
}
