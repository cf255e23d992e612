using Mailbox.CrashChild;
using Mailbox.Storage.Journal;
using Xunit;

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
        for (var round = 0; round < 10; round++)
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

    /// <summary>The power goes at some operation of the disk, whichever that is.</summary>
    /// <returns>The number of the last batch that was answered as synced.</returns>
    int PlayAndLosePower(int seed, Random random)
    {
        var operations = random.Next(400);
        _disk.Before = (_, _) => ThrowIf(--operations < 0);
        var synced = 0;
        try
        {
            Play(seed, random, ref synced);
        }
        catch (Exception e) when (e is StoreException or IOException)
        {
        }
        _disk.Before = null;
        _disk.LosePower(random);
        return synced;
    }

    static void ThrowIf(bool gone)
    {
        if (gone) throw new IOException("The power is gone.");
    }

    void Play(int seed, Random random, ref int synced)
    {
        var store = Open();
        var load = new ScriptedLoad(store, seed);
        while (true)
        {
            load.PlayNext();
            if (load.LastDurability == Durability.Disk) synced = load.Played;
            if (random.Next(20) == 0) store.Upkeep.RunOnce();
        }
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
        new FakeTimeProvider(StoreDriver.Noon));
}
