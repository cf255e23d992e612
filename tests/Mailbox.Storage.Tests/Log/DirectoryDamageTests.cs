using Mailbox.Storage.Journal;
using Mailbox.Storage.Tests.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>A torn tail is cut; damage of what was synced is refused, with file and offset, and changes nothing.</summary>
public sealed class DirectoryDamageTests : FakeDiskLogTest
{
    const int Frames = 40;
    const int Zeroes = 5000;

    [Theory]
    [InlineData(0)]
    [InlineData(Zeroes)]
    public async Task Every_prefix_of_a_log_opens_and_holds_a_prefix_of_what_was_committed_whether_zeroes_follow_or_nothing(int zeroes)
    {
        var program = await PlayAndAbandonAsync();
        var whole = WrittenBytes();
        var before = 0L;
        for (var length = FileHeader.Size; length <= whole.Length; length++)
        {
            Overwrite([.. whole.AsSpan(0, length), .. new byte[zeroes]]);
            var log = Open();
            var state = (await PartitionProgram.ReplayAsync(log)).State;
            Assert.InRange(state.Applied, before, before + 1);
            if (state.Applied > before) await program.CheckHistoryAsync(log, state);
            before = state.Applied;
            log.Abandon();
        }
        Assert.Equal(program.State.Applied, before);
    }

    [Fact]
    public async Task A_torn_tail_is_cut_and_told_with_file_and_offset()
    {
        var program = await PlayAndAbandonAsync();
        var whole = WrittenBytes();
        Overwrite(whole.AsSpan(0, whole.Length - 1));
        Assert.Equal(program.State.Applied - 1, (await ReadAndAbandonAsync()).Frames.Count);
        var notice = Assert.Single(Notices);
        Assert.StartsWith("Cut a torn tail of ", notice);
        Assert.Contains("/fake/00000001.segment:", notice);
    }

    [Fact]
    public async Task Zeroes_that_were_written_beforehand_are_no_torn_tail()
    {
        await PlayAndAbandonAsync();
        Assert.InRange(Disk[First].Length - WrittenBytes().Length, 16 << 10, 80 << 10);
        var length = Disk[First].Length;
        await ReadAndAbandonAsync();
        Assert.Empty(Notices);
        Assert.Equal(length, Disk[First].Length);
    }

    [Fact]
    public async Task What_follows_a_cut_tail_is_found_again_and_nothing_that_was_cut()
    {
        using (var log = await StartAsync())
        {
            log.Commit("synced");
            log.Commit("lost", new string('b', 3000), Durability.Process);
            log.Commit("beyond the lost one", new string('c', 3000), Durability.Process);
            ((DirectoryLog)log.Log).Abandon();
        }
        // The first of two frames that were not synced has not reached the disk.
        var at = Disk[First].Bytes.IndexOf("bbbb"u8);
        Disk[First].Write(new byte[3000], at);
        using (var log = await StartAsync())
        {
            Assert.Equal(["synced"], log.Found[0].Records);
            log.Commit("new");
            ((DirectoryLog)log.Log).Abandon();
        }
        Assert.Equal(["synced", "new"], (await ReadAndAbandonAsync()).Records);
        Assert.Equal(-1, Disk[First].Bytes.IndexOf("cccc"u8));
    }

    [Fact]
    public async Task A_bit_flipped_in_what_is_known_to_be_synced_is_refused_with_file_and_offset()
    {
        var program = await PlayAndAbandonAsync();
        var known = LastSyncedOffset();
        Assert.InRange(known, 2000, int.MaxValue);
        for (var at = 0; at < known; at++)
        {
            Disk[First].Bytes[at] ^= (byte)(1 << at % 8);
            var damage = await Assert.ThrowsAsync<JournalDamagedException>(() => ReadAndAbandonAsync());
            Assert.Equal("/fake/" + First, damage.File);
            Assert.InRange(damage.Offset, 0, at);
            Disk[First].Bytes[at] ^= (byte)(1 << at % 8);
        }
        using var log = await StartAsync();
        await program.CheckAsync(log.Log);
    }

    [Fact]
    public async Task A_frame_that_was_synced_and_is_zeroes_now_is_refused()
    {
        using (var log = await StartAsync())
        {
            log.Commit("first");
            log.Commit("second");
            log.Commit("third");
            ((DirectoryLog)log.Log).Abandon();
        }
        var second = FrameOffsets()[1];
        Disk[First].Write(new byte[FrameOffsets()[2] - second], second);
        var damage = await RefusedAsync();
        Assert.Equal(("/fake/" + First, (long)second), (damage.File, damage.Offset));
    }

    [Fact]
    public async Task A_frame_that_stands_where_another_one_should_is_refused()
    {
        using (var log = await StartAsync())
        {
            for (var i = 1; i <= 4; i++) log.Commit($"frame {i}");
            ((DirectoryLog)log.Log).Abandon();
        }
        var offsets = FrameOffsets();
        Disk[First].Write(Disk[First].Bytes[offsets[2]..offsets[3]].ToArray(), offsets[1]);
        var damage = await RefusedAsync();
        Assert.Equal(("/fake/" + First, (long)offsets[1]), (damage.File, damage.Offset));
        Assert.Contains("frame 3 follows frame 1", damage.Message);
    }

    [Fact]
    public async Task A_bit_flipped_behind_the_last_known_sync_cuts_the_log_there()
    {
        var program = await PlayAndAbandonAsync();
        var whole = Disk[First].Bytes.ToArray();
        var written = WrittenBytes().Length;
        for (var at = (int)LastSyncedOffset(); at < written; at++)
        {
            Overwrite(whole);
            Disk[First].Bytes[at] ^= 0x10;
            var log = Open();
            var state = (await PartitionProgram.ReplayAsync(log)).State;
            Assert.InRange(state.Applied, program.Synced - 1, program.State.Applied - 1);
            await program.CheckHistoryAsync(log, state);
            log.Abandon();
        }
    }

    [Fact]
    public async Task Damage_in_a_segment_that_is_not_the_last_is_refused_wherever_it_is()
    {
        await PlayAndAbandonAsync(segmentBytes: 4096);
        var length = (int)Disk[First].Length;
        foreach (var at in new[] { 0, 40, length / 2, length - 1 })
        {
            Disk[First].Bytes[at] ^= 1;
            Assert.Equal("/fake/" + First, (await RefusedAsync(4096)).File);
            Disk[First].Bytes[at] ^= 1;
        }
        var last = Disk[First].Bytes[^1];
        Disk[First].SetLength(length - 1);
        await RefusedAsync(4096);
        Disk[First].Write([last, 0, 0, 0], length - 1);
        await RefusedAsync(4096);
    }

    [Fact]
    public async Task A_segment_that_is_missing_is_refused()
    {
        await PlayAndAbandonAsync(segmentBytes: 4096);
        Disk.Delete("00000002.segment");
        Assert.Equal("/fake/00000002.segment", (await RefusedAsync(4096)).File);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_whose_only_segment_is_missing_is_refused(bool hasSnapshot)
    {
        await PlayAndAbandonAsync(withSnapshot: hasSnapshot);
        Disk.Delete(First);
        Assert.Equal("/fake/" + First, (await RefusedAsync()).File);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(FileHeader.Size - 1)]
    public async Task A_log_whose_only_segment_was_emptied_is_refused(int length)
    {
        await PlayAndAbandonAsync();
        Disk[First].SetLength(length);
        Assert.Equal("/fake/" + First, (await RefusedAsync()).File);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_newest_segment_that_no_snapshot_has_seen_is_missed(bool isGone)
    {
        await PlayAndAbandonAsync(segmentBytes: 4096);
        var newest = Disk.Names().Where(static name => name.EndsWith(".segment", StringComparison.Ordinal)).Max()!;
        if (isGone) Disk.Delete(newest); else Disk[newest].SetLength(0);
        Assert.Equal("/fake/" + newest, (await RefusedAsync(4096)).File);
    }

    [Fact]
    public async Task A_snapshot_that_is_missing_after_segments_were_freed_is_refused()
    {
        using (var log = await StartAsync(segmentBytes: 4096))
        {
            log.FillContainer();
            log.FillContainer();
            log.WriteSnapshot(log.Commit("last").Sequence, "all");
            await log.FreeAsync(1, 2);
        }
        Disk.Delete(Disk.Names().Single(static name => name.EndsWith(".snapshot", StringComparison.Ordinal)));
        var damage = await RefusedAsync(4096);
        Assert.Equal("/fake/" + First, damage.File);
        Assert.Contains("snapshot", damage.Message);
    }

    [Fact]
    public async Task A_message_whose_segment_is_missing_is_found_by_looking_for_it()
    {
        var program = await PlayAndAbandonAsync(segmentBytes: 4096, withSnapshot: true);
        using (var log = Open(4096))
        {
            log.Verify((await PartitionProgram.ReplayAsync(log)).State);
            log.Abandon();
        }
        Disk.Delete(First);
        using var without = Open(4096);
        var state = (await PartitionProgram.ReplayAsync(without)).State;
        Assert.Equal(program.State.Applied, state.Applied);
        var damage = Assert.Throws<JournalDamagedException>(() => without.Verify(state));
        Assert.Equal("/fake/" + First, damage.File);
        Assert.Contains("message ", damage.Message);
        without.Abandon();
    }

    [Fact]
    public async Task A_log_without_its_identity_is_refused_and_goes_on_as_a_restored_copy()
    {
        uint incarnation;
        using (var log = await StartAsync())
        {
            incarnation = log.Log.Incarnation;
            log.Commit("kept");
        }
        Disk.Delete("identity");
        var damage = await RefusedAsync();
        Assert.Equal("/fake/identity", damage.File);
        Assert.Contains("'restored'", damage.Message);

        Disk.Create("restored").Dispose();
        using var again = await StartAsync();
        Assert.NotEqual(incarnation, again.Log.Incarnation);
        Assert.Equal(["kept"], again.Found[0].Records);
    }

    [Fact]
    public async Task A_first_start_that_was_broken_off_anywhere_is_no_damage()
    {
        for (var operations = 0; operations < 16; operations++)
        {
            var disk = new FakeDisk();
            var left = operations;
            disk.Before = (_, _) => Fail(--left < 0);
            DirectoryLog? broken = null;
            try
            {
                broken = Open(disk);
                await PartitionProgram.ReplayAsync(broken);
            }
            catch (StoreException)
            {
            }
            broken?.Abandon();
            disk.Before = null;
            disk.LosePower(new Random(operations));
            using var log = await LogDriver.StartAsync(Open(disk));
            log.Commit("first");
        }
    }

    [Fact]
    public async Task A_bit_flipped_anywhere_in_a_snapshot_is_refused()
    {
        await PlayAndAbandonAsync(withSnapshot: true);
        var snapshot = Disk["00000001.snapshot"];
        for (var at = 0; at < snapshot.Length; at++)
        {
            snapshot.Bytes[at] ^= 4;
            var damage = await Assert.ThrowsAsync<JournalDamagedException>(() => ReadAndAbandonAsync());
            Assert.Equal("/fake/00000001.snapshot", damage.File);
            Assert.InRange(damage.Offset, 0, at);
            snapshot.Bytes[at] ^= 4;
        }
        for (var length = 0; length < snapshot.Length; length += 7)
        {
            var whole = snapshot.Bytes.ToArray();
            snapshot.SetLength(length);
            Assert.Equal("/fake/00000001.snapshot", (await RefusedAsync()).File);
            snapshot.SetLength(0);
            snapshot.Write(whole, 0);
        }
        await ReadAndAbandonAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Zeroes)]
    public async Task A_log_that_ends_before_what_its_snapshot_has_seen_is_refused(int zeroes)
    {
        using (var log = await StartAsync())
        {
            log.Commit("before");
            using var writer = log.Log.BeginSnapshot(0);
            writer.Write("all"u8);
            writer.Complete(log.Commit("meanwhile").Sequence);
            ((DirectoryLog)log.Log).Abandon();
        }
        var whole = WrittenBytes();
        for (var end = FrameOffsets()[1]; end < whole.Length; end++)
        {
            Overwrite([.. whole.AsSpan(0, end), .. new byte[zeroes]]);
            Assert.Equal("/fake/" + First, (await RefusedAsync()).File);
        }
        Overwrite(whole);
        Assert.Equal(["meanwhile"], (await ReadAndAbandonAsync()).Records);
    }

    [Fact]
    public async Task A_file_that_is_shorter_than_its_snapshot_says_is_refused()
    {
        await PlayAndAbandonAsync(withSnapshot: true);
        Overwrite(WrittenBytes().AsSpan()[..^1]);
        Assert.Equal("/fake/" + First, (await RefusedAsync()).File);
    }

    [Fact]
    public async Task Records_that_make_no_sense_are_refused_with_file_and_offset()
    {
        using (var log = await StartAsync())
        {
            log.Commit("\u0001\u0001\u0001");
            ((DirectoryLog)log.Log).Abandon();
        }
        var opened = Open();
        var damage = await Assert.ThrowsAsync<JournalDamagedException>(() => PartitionProgram.ReplayAsync(opened));
        Assert.Equal(("/fake/" + First, (long)FileHeader.Size), (damage.File, damage.Offset));
        opened.Abandon();
    }

    [Fact]
    public async Task A_body_is_read_as_it_lies_there_and_its_place_is_known()
    {
        using var log = await StartAsync();
        var address = log.Log.NextAddress(0);
        log.Commit("records", "precious");
        Disk[First].Bytes[Disk[First].Bytes.IndexOf("precious"u8)] ^= 1;
        Assert.Equal("qrecious", await log.BodyAsync(address, 8));
        var offset = Disk[First].Bytes.IndexOf("qrecious"u8);
        Assert.Equal($"/fake/00000001.segment at offset {offset}", ((DirectoryLog)log.Log).Describe(0, address));
    }

    [Fact]
    public async Task Bodies_that_look_like_frames_do_not_make_a_torn_tail_an_error()
    {
        await PlayAndAbandonAsync();
        var whole = WrittenBytes();
        var log = Open();
        var state = (await PartitionProgram.ReplayAsync(log)).State;
        var frame = new Frame(0);
        frame.Bodies.Bytes(whole);
        frame.Records.Bytes("x"u8);
        log.Commit(new() { At = LogDriver.Noon, Durability = Durability.Disk, Frames = { frame } });
        log.Abandon();
        whole = WrittenBytes();
        Overwrite(whole.AsSpan(0, whole.Length - 1));
        Assert.Equal(state.Applied, (await ReadAndAbandonAsync()).Frames.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_file_of_another_format_is_refused(byte version)
    {
        await PlayAndAbandonAsync(withSnapshot: true);
        foreach (var name in new[] { First, "00000001.snapshot", "identity" })
        {
            var good = Disk[name].Bytes.ToArray();
            var other = good.ToArray();
            other[8] = version;
            BitConverter.TryWriteBytes(other.AsSpan(28), Crc32C.Of(other.AsSpan(0, 28)));
            Disk[name].Write(other, 0);
            var refusal = await Assert.ThrowsAsync<StoreException>(() => ReadAndAbandonAsync());
            Assert.Contains($"/fake/{name} has format version {version}", refusal.Message);
            Disk[name].Write(good, 0);
        }
        await ReadAndAbandonAsync();
    }

    /// <summary>A log with some frames at different levels.</summary>
    async Task<PartitionProgram> PlayAndAbandonAsync(int segmentBytes = 64 << 10, bool withSnapshot = false)
    {
        var log = Open(segmentBytes);
        await log.ReadAsync(0, null, new LogRecording());
        var program = new PartitionProgram(log, seed: 7) { History = [] };
        for (var i = 0; i < Frames; i++) program.Commit(i % 4 == 1 ? Durability.Disk : Durability.Process);
        if (withSnapshot) program.WriteSnapshot(mailboxesAtOnce: 3, commitsBetween: 0);
        log.Abandon();
        Assert.Empty(Notices);
        return program;
    }

    List<int> FrameOffsets()
    {
        var segment = new Segment(1, BitConverter.ToUInt32(Disk[First].Bytes[24..]), Disk.Open(First));
        var scanner = new FrameScanner(segment, FileHeader.Size, Disk[First].Length);
        var offsets = new List<int>();
        for (; scanner.Peek() is { } frame; scanner.Pass(frame)) offsets.Add((int)scanner.Offset);
        return offsets;
    }

    /// <summary>The highest offset that a frame of the first segment says was synced.</summary>
    long LastSyncedOffset()
    {
        var segment = new Segment(1, BitConverter.ToUInt32(Disk[First].Bytes[24..]), Disk.Open(First));
        var scanner = new FrameScanner(segment, FileHeader.Size, Disk[First].Length);
        var synced = 0L;
        for (; scanner.Peek() is { } frame; scanner.Pass(frame)) synced = frame.Synced;
        return synced;
    }
}
