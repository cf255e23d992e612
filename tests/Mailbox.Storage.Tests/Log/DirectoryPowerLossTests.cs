using Mailbox.Storage.Journal;
using Mailbox.Storage.Tests.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>The power, or the process, goes at any operation of the disk, whichever that is; or the disk is full.</summary>
public sealed class DirectoryPowerLossTests(ITestOutputHelper output)
{
    readonly FakeDisk _disk = new();

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Rounds.Of(normal: 12, @long: 300)), Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Everything_up_to_the_last_synced_answer_is_there_and_nothing_after_a_lost_frame(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        PartitionProgram? program = null;
        for (var round = 0; round < 10; round++)
        {
            var (synced, committed) = (program?.Synced ?? 0, program?.State.Applied ?? 0);
            var losesPower = random.Next(3) > 0;
            var operations = random.Next(300);
            var opened = default(DirectoryLog);
            _disk.Before = (_, _) => ThrowIf(--operations < 0);
            try
            {
                opened = Open();
                var state = (await PartitionProgram.ReplayAsync(opened)).State;
                if (program is null) program = new(opened, seed) { History = [] }; else program.GoOn(opened, state);
                await PlayAsync(opened, program, random);
            }
            catch (Exception e) when (e is StoreException or IOException)
            {
            }
            _disk.Before = null;
            if (program is not null) (synced, committed) = (program.Synced, program.State.Applied);
            if (losesPower) _disk.LosePower(random);
            opened?.Abandon();

            using var log = Open();
            var replay = await PartitionProgram.ReplayAsync(log);
            if (program is null)
            {
                Assert.Equal(0, replay.State.Applied);
                continue;
            }
            Assert.InRange(replay.State.Applied, losesPower ? synced : committed, committed + 1);
            await program.CheckHistoryAsync(log, replay.State);
            if (losesPower) Assert.True(log.HasLostPower);
            if (!log.HasLostPower) Assert.InRange(replay.State.Applied, committed, committed + 1);
            log.Verify(replay.State);
            program.GoOn(log, replay.State);
            log.NoteLossStored();
            log.Abandon();
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task However_full_the_disk_is_what_was_stored_is_there_and_what_was_refused_is_not(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var log = Open(reserveBytes: 6000);
        var program = new PartitionProgram(log, seed) { History = [] };
        program.GoOn(log, (await PartitionProgram.ReplayAsync(log)).State);
        var refused = 0;
        for (var step = 0; step < 300; step++)
        {
            if (random.Next(5) == 0) _disk.Room = random.Next(3) == 0 ? 1 << 20 : random.Next(6000);
            var before = program.State.Applied;
            try
            {
                switch (random.Next(12))
                {
                    case 0: program.WriteSnapshot(random.Next(1, 10), commitsBetween: random.Next(2)); break;
                    case 1: await program.FreeAsync(); break;
                    case 2: program.Compact(); break;
                    default: program.Commit((Durability)random.Next(3)); break;
                }
            }
            catch (StoreFullException)
            {
                refused++;
            }
            Assert.True(log.IsWritable);
            var state = (await PartitionProgram.ReplayAsync(log)).State;
            Assert.Equal(program.State.Applied, state.Applied);
            await program.CheckHistoryAsync(log, state);
            program.GoOn(log, state);
            if (random.Next(20) != 0) continue;
            _disk.Room = Math.Max(_disk.Room, 2000);
            log.Abandon();
            log = Open(reserveBytes: 6000);
            program.GoOn(log, (await PartitionProgram.ReplayAsync(log)).State);
            Assert.Equal(state.Applied, program.State.Applied);
        }
        log.Abandon();
        Assert.InRange(refused, 1, 290);
    }

    static async Task PlayAsync(DirectoryLog log, PartitionProgram program, Random random)
    {
        while (true)
        {
            switch (random.Next(40))
            {
                case 0: program.WriteSnapshot(random.Next(1, 10), commitsBetween: random.Next(3)); break;
                case 1: program.AbandonSnapshot(); break;
                case 2: program.Compact(); break;
                case 3: await program.FreeAsync(); break;
                case 4: log.Sync(); break;
                default: program.Commit((Durability)random.Next(3)); break;
            }
        }
    }

    static void ThrowIf(bool gone)
    {
        if (gone) throw new IOException("The power is gone.");
    }

    DirectoryLog Open(long reserveBytes = 0) => DirectoryLog.Open(new()
    {
        Directory = "/fake",
        Files = _disk,
        SegmentBytes = 8 << 10,
        ReserveBytes = reserveBytes,
        Notice = output.WriteLine,
    });
}
