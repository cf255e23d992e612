using System.Globalization;
using Mailbox.Storage.Journal;
using Mailbox.Storage.Tests.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>Whose a directory is, what a start does, copies, and what a start takes as lost.</summary>
public sealed class DirectoryStartTests : FakeDiskLogTest, IDisposable
{
    readonly TemporaryDirectory _directory = new();

    [Fact]
    public void A_second_log_on_a_directory_is_refused_and_told_who_has_it()
    {
        using var log = OpenDirectory("a");
        var refusal = Assert.Throws<StoreException>(() => OpenDirectory("a"));
        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), refusal.Message);
    }

    [Fact]
    public void A_directory_is_free_again_when_its_log_is_closed_or_could_not_be_opened()
    {
        OpenDirectory("a").Dispose();
        File.WriteAllText(Path.Combine(_directory["a"], First), "no segment");
        Assert.Throws<JournalDamagedException>(() => OpenDirectory("a"));
        File.Delete(Path.Combine(_directory["a"], First));
        OpenDirectory("a").Dispose();
    }

    [Fact]
    public void A_path_that_is_a_file_is_refused_in_words()
    {
        File.WriteAllText(_directory["a"], "");
        Assert.Contains("it is a file, not a directory", Assert.Throws<StoreException>(() => OpenDirectory("a")).Message);
    }

    [Fact]
    public void Nothing_is_committed_before_the_log_was_read()
    {
        using var log = OpenDirectory("a");
        Assert.Throws<InvalidOperationException>(() => log.NextAddress(0));
        Assert.Throws<InvalidOperationException>(() => log.Commit(new() { Frames = { LogDriver.FrameOf("early") } }));
    }

    [Fact]
    public void There_is_one_partition()
    {
        using var log = OpenDirectory("a");
        Assert.Throws<ArgumentException>(() => log.Commit(new() { Frames = { LogDriver.FrameOf("other", partition: 1) } }));
        Assert.Throws<ArgumentException>(() => log.Commit(new() { Frames = { LogDriver.FrameOf("one"), LogDriver.FrameOf("two") } }));
    }

    [Fact]
    public async Task A_start_after_a_snapshot_reads_no_frame_before_it()
    {
        using (var log = await LogDriver.StartAsync(OpenDirectory("a")))
        {
            for (var i = 1; i <= 50; i++) log.Commit($"{i}", "body");
            log.WriteSnapshot(50, "all");
        }
        // The frames before the snapshot are not looked at: only their bodies count, and those are checked when they are read.
        var segment = Path.Combine(_directory["a"], First);
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
        using var again = await LogDriver.StartAsync(OpenDirectory("a"));
        Assert.Equal(["all"], again.Found[0].Slices);
        Assert.Empty(again.Found[0].Frames);
        Assert.Equal(51, again.Commit("next").Sequence);
    }

    [Fact]
    public async Task What_was_not_finished_is_removed()
    {
        (await StartAsync()).Dispose();
        Disk.Create("00000001.snapshot.tmp").Dispose();
        Disk.Create("00000007.segment.tmp").Dispose();
        await ReadAndAbandonAsync();
        Assert.DoesNotContain(Disk.Names(), static name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_older_snapshot_that_a_crash_has_left_is_removed_once_the_newest_was_read()
    {
        byte[] older;
        using (var log = await StartAsync())
        {
            log.WriteSnapshot(log.Commit("1").Sequence, "old");
            older = Disk["00000001.snapshot"].Bytes.ToArray();
            log.WriteSnapshot(log.Commit("2").Sequence, "new");
        }
        using (var file = Disk.Create("00000001.snapshot")) file.Write(older, 0);
        Assert.Equal(["new"], (await ReadAndAbandonAsync()).Slices);
        Assert.DoesNotContain("00000001.snapshot", Disk.Names());
    }

    [Theory]
    [InlineData("00000001.snapshot.tmp")]
    [InlineData("00000002.snapshot.tmp")]
    [InlineData("00000002.segment.tmp")]
    public async Task A_name_that_a_crash_has_left_unsynced_is_synced_before_anything_rests_on_it(string renamed)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var disk = new FakeDisk();
            var log = await LogDriver.StartAsync(Open(disk, segmentBytes: 4096));
            disk.Before = (what, name) =>
            {
                if (what == "rename" && name == renamed) disk.Before = static (_, _) => Fail(true);
            };
            Assert.ThrowsAny<StoreException>(() =>
            {
                for (var i = 0; i < 10; i++) log.WriteSnapshot(log.Commit("frame", new string('x', 3000)).Sequence, "all");
            });
            disk.Before = null;
            ((DirectoryLog)log.Log).Abandon();

            // The process was killed, and soon after its next start the power fails.
            log = await LogDriver.StartAsync(Open(disk, segmentBytes: 4096));
            var committed = log.Found[0].Through ?? log.Found[0].Frames.Count;
            ((DirectoryLog)log.Log).Abandon();
            disk.LosePower(new Random(seed));
            using var again = await LogDriver.StartAsync(Open(disk, segmentBytes: 4096));
            Assert.InRange(again.Commit("next").Sequence, committed + 1, committed + 2);
        }
    }

    [Fact]
    public async Task A_freed_segment_that_a_loss_of_power_brings_back_is_freed_again()
    {
        byte[] freed;
        using (var log = await StartAsync(segmentBytes: 4096))
        {
            log.FillContainer();
            log.FillContainer();
            log.WriteSnapshot(log.Commit("last").Sequence, "all");
            freed = Disk[First].Bytes.ToArray();
            await log.FreeAsync(1, 2);
        }
        using (var file = Disk.Create(First)) file.Write(freed, 0);
        using var again = await StartAsync(segmentBytes: 4096);
        Assert.Equal([1, 3], (await again.ContainersAsync()).Select(static container => container.Container));
        await again.FreeAsync(1);
        Assert.DoesNotContain(First, Disk.Names());
    }

    [Fact]
    public async Task A_backup_taken_while_running_holds_all_that_was_committed_under_another_incarnation()
    {
        using var log = await LogDriver.StartAsync(OpenDirectory("a"));
        var program = new PartitionProgram(log.Log, seed: 3) { History = [] };
        for (var i = 0; i < 40; i++) program.Commit(Durability.Process);
        program.WriteSnapshot(mailboxesAtOnce: 5, commitsBetween: 1);
        for (var i = 0; i < 40; i++) program.Commit(Durability.Process);
        await ((DirectoryLog)log.Log).BackupAsync(_directory["b"], TestContext.Current.CancellationToken);
        var copied = program.State.Applied;
        program.Commit(Durability.Disk);

        uint incarnation;
        using (var copy = OpenDirectory("b"))
        {
            var replay = await PartitionProgram.ReplayAsync(copy);
            Assert.Equal(copied, replay.State.Applied);
            Assert.NotEqual(log.Log.Incarnation, incarnation = copy.Incarnation);
            // All is the same but for the epochs.
            Assert.Equal(WithoutEpochs(program.History![copied]), WithoutEpochs(PartitionProgram.Dump(replay.State)));
            Assert.False(copy.HasLostPower);
        }
        using var again = OpenDirectory("b");
        Assert.Equal(incarnation, again.Incarnation);

        static string WithoutEpochs(string dump) => System.Text.RegularExpressions.Regex.Replace(dump, "[0-9]{12,}", "");
    }

    [Fact]
    public async Task A_backup_beside_commits_and_freeing_is_a_whole_log()
    {
        var options = new JournalOptions { Directory = _directory["a"], ReserveBytes = 0, SegmentBytes = 4096 };
        using var log = await LogDriver.StartAsync(DirectoryLog.Open(options));
        for (var round = 0; round < 5; round++)
        {
            var backup = ((DirectoryLog)log.Log).BackupAsync(_directory[$"b{round}"], TestContext.Current.CancellationToken);
            while (!backup.IsCompleted)
            {
                log.FillContainer();
                log.WriteSnapshot(log.Commit("round").Sequence, "all");
                await log.FreeAllAsync();
            }
            await backup;
            using var copy = await LogDriver.StartAsync(DirectoryLog.Open(options with { Directory = _directory[$"b{round}"] }));
            copy.Commit("goes on");
        }
    }

    [Fact]
    public async Task A_backup_does_not_overwrite_anything()
    {
        Directory.CreateDirectory(_directory["b"]);
        await File.WriteAllTextAsync(Path.Combine(_directory["b"], "mine"), "", TestContext.Current.CancellationToken);
        using var log = await LogDriver.StartAsync(OpenDirectory("a"));
        await Assert.ThrowsAsync<StoreException>(() => ((DirectoryLog)log.Log).BackupAsync(_directory["b"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_directory_that_an_operator_marks_as_restored_changes_its_incarnation_once()
    {
        uint before, after;
        using (var log = await LogDriver.StartAsync(OpenDirectory("a"))) before = log.Log.Incarnation;
        await File.WriteAllTextAsync(Path.Combine(_directory["a"], "restored"), "", TestContext.Current.CancellationToken);
        using (var log = await LogDriver.StartAsync(OpenDirectory("a"))) after = log.Log.Incarnation;
        using var again = OpenDirectory("a");
        Assert.NotEqual(before, after);
        Assert.Equal(after, again.Incarnation);
    }

    [Fact]
    public async Task After_a_crash_of_the_process_nothing_is_taken_as_lost()
    {
        await CommitAndCrashAsync();
        Assert.False(await HasLostPowerAsync());
    }

    [Fact]
    public async Task After_a_loss_of_power_every_start_takes_what_was_not_synced_as_lost_until_that_is_stored()
    {
        await CommitAndCrashAsync();
        Disk.Boot++;
        Assert.True(await HasLostPowerAsync());
        Assert.True(await HasLostPowerAsync(noteBoot: true));
        Assert.False(await HasLostPowerAsync());
    }

    [Fact]
    public async Task A_torn_tail_is_taken_as_a_loss_of_power()
    {
        await CommitAndCrashAsync();
        Overwrite(WrittenBytes().AsSpan()[..^1]);
        Assert.True(await HasLostPowerAsync());
        Assert.True(await HasLostPowerAsync(noteBoot: true));
        Assert.False(await HasLostPowerAsync());
    }

    [Fact]
    public async Task A_tail_is_not_cut_before_it_is_noted_that_the_power_was_lost()
    {
        await CommitAndCrashAsync();
        Overwrite(WrittenBytes().AsSpan()[..^1]);
        var length = Disk[First].Length;
        Disk.Before = static (what, name) => Fail(what == "write" && name == "identity");
        await Assert.ThrowsAsync<StoreException>(() => ReadAndAbandonAsync());
        Disk.Before = null;
        Assert.Equal(length, Disk[First].Length);
        Assert.True(await HasLostPowerAsync());
    }

    [Fact]
    public async Task Where_the_kernel_does_not_tell_of_its_run_every_start_is_taken_as_a_loss_of_power()
    {
        Disk.Boot = 0;
        await CommitAndCrashAsync();
        for (var start = 0; start < 3; start++) Assert.True(await HasLostPowerAsync(noteBoot: true));
    }

    [Fact]
    public async Task A_run_that_could_not_be_noted_is_told_and_taken_as_a_loss_of_power_again()
    {
        await CommitAndCrashAsync();
        Disk.Boot++;
        Disk.Before = static (what, name) => Fail(what == "write" && name == "identity");
        Assert.True(await HasLostPowerAsync(noteBoot: true));
        Disk.Before = null;
        Assert.StartsWith("The next start", Assert.Single(Notices));
        Assert.True(await HasLostPowerAsync());
    }

    public void Dispose() => _directory.Dispose();

    async Task CommitAndCrashAsync()
    {
        var log = await StartAsync();
        log.Commit("synced");
        log.Commit("not synced", "body", Durability.Process);
        ((DirectoryLog)log.Log).Abandon();
    }

    async Task<bool> HasLostPowerAsync(bool noteBoot = false)
    {
        var log = Open();
        await log.ReadAsync(0, null, new LogRecording());
        if (noteBoot) log.NoteLossStored();
        log.Abandon();
        return log.HasLostPower;
    }

    DirectoryLog OpenDirectory(string name) => DirectoryLog.Open(new() { Directory = _directory[name], ReserveBytes = 1 << 20 });
}
