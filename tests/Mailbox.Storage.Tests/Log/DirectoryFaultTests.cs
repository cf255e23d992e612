using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>A disk that fails ends the log until the next start; a full one does not.</summary>
public sealed class DirectoryFaultTests : FakeDiskLogTest
{
    [Theory]
    [InlineData("write")]
    [InlineData("sync")]
    public async Task A_write_or_sync_that_failed_is_not_tried_again_and_reads_go_on(string operation)
    {
        using var log = await StartAsync();
        var address = log.Log.NextAddress(0);
        log.Commit("records", "body");
        Disk.Before = (what, name) => Fail(what == operation && name.EndsWith(".segment", StringComparison.Ordinal));
        Assert.Throws<StoreException>(() => log.Commit("lost"));

        var touched = 0;
        Disk.Before = (_, _) => touched++;
        Assert.False(log.Log.IsWritable);
        Assert.Throws<StoreException>(() => log.Commit("refused"));
        Assert.Throws<StoreException>(log.Log.Sync);
        Assert.Throws<StoreException>(() => log.Log.BeginSnapshot(0));
        await Assert.ThrowsAsync<StoreException>(async () => await log.FreeAsync());
        Assert.Equal(0, touched);
        Assert.Equal("body", await log.BodyAsync(address, 4));
    }

    [Fact]
    public async Task After_a_failure_a_new_start_finds_what_was_answered()
    {
        using (var log = await StartAsync())
        {
            log.Commit("1");
            Disk.Before = static (what, _) => Fail(what == "sync");
            Assert.Throws<StoreException>(() => log.Commit("2"));
        }
        Disk.Before = null;
        Disk.LosePower(new Random(1));
        Assert.Equal("1", (await ReadAndAbandonAsync()).Records.First());
    }

    [Fact]
    public async Task A_segment_that_cannot_be_begun_ends_the_log_behind_the_commit_that_was_stored()
    {
        using (var log = await StartAsync(segmentBytes: 4096))
        {
            log.Commit("first");
            Disk.Before = static (_, name) => Fail(name.StartsWith("00000002", StringComparison.Ordinal));
            Assert.Equal(2, log.Commit("stored", new string('x', 5000)).Sequence);
            Assert.False(log.Log.IsWritable);
            Assert.Throws<StoreException>(() => log.Commit("refused"));
        }
        Disk.Before = null;
        using var again = await StartAsync(segmentBytes: 4096);
        Assert.Equal(["first", "stored"], again.Found[0].Records);
    }

    [Theory]
    [InlineData("sync", ".snapshot")]
    [InlineData("write", ".snapshot")]
    [InlineData("rename", ".snapshot")]
    public async Task A_snapshot_that_cannot_be_written_leaves_the_log_as_it_was(string operation, string ending)
    {
        using (var log = await StartAsync())
        {
            log.Commit("1");
            Disk.Before = (what, name) => Fail(what == operation && name.Contains(ending));
            var failure = Assert.Throws<StoreException>(() => log.WriteSnapshot(1, "all"));
            Assert.Contains("snapshot", failure.Message);
            Assert.DoesNotContain(Disk.Names(), static name => name.Contains(".snapshot"));
            log.Commit("2");
            Disk.Before = null;
            log.WriteSnapshot(2, "all");
            log.Commit("3");
            ((DirectoryLog)log.Log).Abandon();
        }
        var found = await ReadAndAbandonAsync();
        Assert.Equal(["all"], found.Slices);
        Assert.Equal(["3"], found.Records);
    }

    [Fact]
    public async Task The_log_is_synced_before_a_snapshot_of_it_has_its_name()
    {
        using var log = await StartAsync();
        var through = log.Commit("not synced", level: Durability.Process).Sequence;
        var order = new List<string>();
        Disk.Before = (what, name) => order.Add($"{what} {name}");
        log.WriteSnapshot(through, "all");
        Assert.InRange(order.IndexOf($"sync {First}"), 0, order.IndexOf("sync 00000001.snapshot.tmp"));
        Assert.InRange(order.IndexOf("sync 00000001.snapshot.tmp"), 0, order.IndexOf("rename 00000001.snapshot.tmp"));
    }

    [Fact]
    public async Task A_frame_of_more_than_half_a_gibibyte_is_refused_and_the_log_goes_on()
    {
        using var log = await StartAsync();
        var frame = LogDriver.FrameOf("records");
        frame.Bodies.Room(FrameHeader.MaxFrame);
        frame.Bodies.Advance(FrameHeader.MaxFrame);
        Assert.Throws<ArgumentException>(() => log.CommitBatch(Durability.Disk, frame));
        frame = null;
        Assert.Equal(1, log.Commit("small").Sequence);
    }

    [Fact]
    public async Task A_full_disk_refuses_frames_and_changes_nothing()
    {
        ulong kept, later;
        using (var log = await StartAsync())
        {
            kept = log.Log.NextAddress(0);
            log.Commit("kept", "kept body");
            var large = new string('x', 100_000);
            Disk.Room = 50;
            Assert.Throws<StoreFullException>(() => log.Commit("refused", large));
            Assert.True(log.Log.IsWritable);
            Assert.True(log.Log.IsFull);
            Assert.Throws<StoreFullException>(() => log.Commit("small, and refused until there is room"));
            Assert.Equal("kept body", await log.BodyAsync(kept, 9));

            Disk.Room = 1 << 20;
            later = log.Log.NextAddress(0);
            log.Commit("later", "later body");
            Assert.False(log.Log.IsFull);
            ((DirectoryLog)log.Log).Abandon();
        }
        using var again = await StartAsync();
        Assert.Equal(["kept", "later"], again.Found[0].Records);
        Assert.Equal("kept body", await again.BodyAsync(kept, 9));
        Assert.Equal("later body", await again.BodyAsync(later, 10));
        Assert.DoesNotContain(Notices, static notice => notice.Contains("torn"));
    }

    [Fact]
    public async Task A_disk_that_fills_up_is_noticed_before_a_frame_is_refused()
    {
        Disk.Room = 400_000;
        using var log = await StartAsync(reserveBytes: 50_000);
        var commits = 0L;
        for (; !log.Log.IsFull; commits++)
        {
            log.Commit($"{commits}", new string('x', (int)(commits * 37 % 5000)));
            // Others fill it, too.
            Disk.Room = Math.Max(0, Disk.Room - 3000);
        }
        Assert.InRange(commits, 20, 200);
        Assert.Equal(50_000, Disk["reserve"].Length);
        Assert.Equal(commits, (await log.ReadAsync()).Frames.Count);
        CommitFreeing(log);
        Assert.Equal(50_000, Disk["reserve"].Length);
    }

    [Fact]
    public async Task That_there_is_room_again_is_found_by_asking()
    {
        using var log = await StartAsync(reserveBytes: 3000);
        log.Commit("first");
        Disk.Room = 10;
        for (var i = 0; !log.Log.IsFull; i++) log.Commit("small", new string('x', 500));
        Assert.True(log.Log.IsFull);
        Disk.Room = 200_000;
        Assert.False(log.Log.IsFull);
        Assert.Single(Notices, static notice => notice.Contains("is full"));
        Assert.Single(Notices, static notice => notice.Contains("has room again"));
        Assert.Equal(3000, Disk["reserve"].Length);
    }

    [Fact]
    public async Task On_a_full_disk_frames_are_appended_without_zeroes()
    {
        long written;
        using (var log = await StartAsync(segmentBytes: 16 << 10, reserveBytes: 100_000))
        {
            Disk.Room = 100;
            while (!log.Log.IsFull) log.Commit("small", new string('x', 500));
            while (Disk["reserve"].Length > 0) CommitFreeing(log, new string('f', 400));
            for (var i = 0; i < 5; i++) CommitFreeing(log, new string('f', 400));
            var newest = (await log.ContainersAsync())[^1];
            Assert.Equal(FileHeader.Size + newest.Bytes, Disk[$"{newest.Container:D8}.segment"].Length);
            written = (await log.ReadAsync()).Frames.Count;
            ((DirectoryLog)log.Log).Abandon();
        }
        Assert.Equal(written, (await ReadAndAbandonAsync(16 << 10)).Frames.Count);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(1 << 20, false)]
    public async Task A_start_sees_to_the_zeroes_and_finds_a_full_disk(long room, bool isFull)
    {
        (await StartAsync()).Dispose();
        Overwrite(WrittenBytes());
        Disk.Room = room;
        using var log = await StartAsync();
        Assert.Equal(isFull, log.Log.IsFull);
        Assert.Equal(FileHeader.Size + (isFull ? 0 : 64 << 10), Disk[First].Length);
    }

    [Fact]
    public async Task What_was_filled_with_zeroes_is_overwritten_and_the_file_keeps_its_length()
    {
        using var log = await StartAsync();
        log.Commit("first");
        var length = Disk[First].Length;
        Assert.Equal(FileHeader.Size + (64 << 10), length);
        var room = Disk.Room;
        for (var i = 0; i < 50; i++) log.Commit("next", new string('x', 500));
        Assert.Equal(length, Disk[First].Length);
        Assert.Equal(room, Disk.Room);
    }

    [Fact]
    public async Task A_segment_that_is_ended_keeps_no_zeroes()
    {
        using var log = await StartAsync(segmentBytes: 4096);
        log.FillContainer();
        log.Commit("in the next");
        Assert.Equal(WrittenBytes().Length, Disk[First].Length);
    }

    [Fact]
    public async Task A_first_start_on_a_full_disk_needs_next_to_no_room()
    {
        Disk.Room = 200;
        using var log = await StartAsync(reserveBytes: 5000);
        Assert.True(log.Log.IsFull);
        Disk.Room = 200_000;
        log.Commit("first");
    }

    [Fact]
    public async Task Where_there_is_no_room_for_the_next_segment_the_last_one_goes_on()
    {
        using (var log = await StartAsync(segmentBytes: 4096))
        {
            Disk.Before = (what, name) =>
            {
                if (what == "write" && name.StartsWith("00000002", StringComparison.Ordinal)) throw new DiskFullException("The fake disk is full.");
            };
            log.Commit("1", new string('x', 5000));
            Assert.Contains("is full", Assert.Single(Notices));
            var address = log.Log.NextAddress(0);
            Assert.Equal(1, log.ContainerOf(address));
            log.Commit("2", "body");
            Assert.Equal("body", await log.BodyAsync(address, 4));

            Disk.Before = null;
            log.Commit("3");
            Assert.Equal(2, log.ContainerOf(log.Log.NextAddress(0)));
            log.Commit("4");
            Assert.False(log.Log.IsFull);
            ((DirectoryLog)log.Log).Abandon();
        }
        Assert.Equal(["1", "2", "3", "4"], (await ReadAndAbandonAsync(4096)).Records);
        Assert.DoesNotContain(Disk.Names(), static name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_failed_sync_no_segment_follows()
    {
        using var log = await StartAsync(segmentBytes: 4096);
        log.Commit("not synced", level: Durability.Process);
        // The commit is stored, and the sync beside it, of a snapshot, fails before the next segment is begun.
        Disk.Before = (what, name) =>
        {
            if (what != "write" || name != "00000002.segment.tmp") return;
            Disk.Before = static (operation, _) => Fail(operation == "sync");
            Assert.Throws<StoreException>(log.Log.Sync);
            Disk.Before = null;
        };
        log.Commit("long", new string('x', 5000), Durability.Process);
        Assert.False(log.Log.IsWritable);
        Assert.DoesNotContain("00000002.segment", Disk.Names());
    }

    [Fact]
    public async Task On_a_full_disk_what_frees_room_goes_on_from_the_reserve_until_there_is_room_again()
    {
        Disk.Room = 200_000;
        using var log = await StartAsync(segmentBytes: 16 << 10, reserveBytes: 60_000);
        FillUp(log);
        Disk.Room = 10;

        CommitFreeing(log);
        Assert.Throws<StoreFullException>(() => log.Commit("refused", new string('x', 1000)));
        Assert.True(log.Log.IsWritable);
        Assert.True(log.Log.IsFull);

        // What is in the newest segment is dead, too: it is ended, so that the snapshot covers it.
        log.WriteSnapshot(log.Found[0].Frames.Count, "all of it");
        await log.FreeAllAsync();
        Assert.Single(await log.ContainersAsync());
        Assert.Equal(60_000, Disk["reserve"].Length);
        log.Commit("taken", new string('x', 1000));
        Assert.False(log.Log.IsFull);
        Assert.Single(Notices, static notice => notice.Contains("is full"));
        Assert.Single(Notices, static notice => notice.Contains("has room again"));
    }

    [Fact]
    public async Task On_a_full_disk_the_newest_segment_is_not_ended_again_and_again()
    {
        Disk.Room = 200_000;
        using var log = await StartAsync(segmentBytes: 16 << 10, reserveBytes: 60_000);
        FillUp(log);
        Disk.Room = 10;
        for (var i = 0; i < 3; i++) CommitFreeing(log);
        var before = log.ContainerOf(log.Log.NextAddress(0));
        log.WriteSnapshot(1, "all of it");
        var newest = log.ContainerOf(log.Log.NextAddress(0));
        Assert.Equal(before + 1, newest);
        CommitFreeing(log);
        for (var i = 0; i < 3; i++) log.WriteSnapshot(1, "all of it");
        Assert.Equal(newest, log.ContainerOf(log.Log.NextAddress(0)));
    }

    [Fact]
    public async Task A_snapshot_that_not_even_the_reserve_has_room_for_is_refused_and_leaves_nothing()
    {
        using var log = await StartAsync(reserveBytes: 3000);
        log.Commit("1");
        Disk.Room = 10;
        Assert.Throws<StoreFullException>(() => log.WriteSnapshot(1, new string('s', 50_000)));
        Assert.DoesNotContain(Disk.Names(), static name => name.Contains(".snapshot"));
        Assert.True(log.Log.IsWritable);
        Disk.Room = 1 << 20;
        log.Commit("2");
    }

    [Fact]
    public async Task Of_a_small_disk_an_eighth_is_kept_back_and_that_is_told()
    {
        Disk.Room = 4 << 20;
        using var log = await StartAsync(reserveBytes: 64 << 20);
        log.Commit("1");
        var kept = Disk["reserve"].Length;
        Assert.InRange(kept, 500_000, 512 << 10);
        Assert.Single(Notices, notice => notice.Contains($"{kept} are kept back"));
    }

    [Fact]
    public async Task Bodies_that_cannot_be_read_are_told_and_the_log_goes_on()
    {
        using var log = await StartAsync();
        var address = log.Log.NextAddress(0);
        log.Commit("records", "body");
        Disk.Before = static (what, _) => Fail(what == "read");
        Assert.Contains("/fake/" + First, (await Assert.ThrowsAsync<StoreException>(() => log.BodyAsync(address, 4))).Message);
        Disk.Before = null;
        Assert.Equal("body", await log.BodyAsync(address, 4));
        log.Commit("next");
    }

    static void FillUp(LogDriver log)
    {
        try
        {
            while (true) log.Commit("frame", new string('x', 1000));
        }
        catch (StoreFullException)
        {
        }
    }

    static void CommitFreeing(LogDriver log, string records = "freeing")
    {
        var frame = LogDriver.FrameOf(records);
        log.Log.Commit(new() { At = LogDriver.Noon, Durability = Durability.Disk, MayUseReserve = true, Frames = { frame } });
        Assert.Equal(FrameOutcome.Stored, frame.Outcome);
    }
}
