using Mailbox.CrashChild;
using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

public sealed class DamageTests : FakeDiskTest
{
    const int Seed = 7;
    const int Batches = 40;
    const string First = "00000001.segment";

    [Fact]
    public async Task Every_prefix_of_a_journal_opens_and_holds_a_prefix_of_what_was_answered()
    {
        var whole = PlayAndAbandon(Batches);
        var before = -1;
        for (var length = FileHeader.Size; length <= whole.Length; length++)
        {
            Disk[First].SetLength(0);
            Disk[First].Write(whole.AsSpan(0, length), 0);
            using var store = Open();
            var played = new ScriptedLoad(store, Seed).Played;
            Assert.InRange(played, Math.Max(before, 0), before + 1);
            if (played > before) await CompareAsync(store, played);
            before = played;
            store.Abandon();
        }
        Assert.Equal(Batches, before);
    }

    [Fact]
    public void A_torn_tail_is_cut_and_told_with_file_and_offset()
    {
        var whole = PlayAndAbandon(Batches);
        Disk[First].SetLength(whole.Length - 1);
        using (var store = Open()) Assert.Equal(Batches - 1, new ScriptedLoad(store, Seed).Played);
        var notice = Assert.Single(Notices, notice => notice.StartsWith("Cut a torn tail of ", StringComparison.Ordinal));
        Assert.Contains("/fake/00000001.segment:", notice);
    }

    [Fact]
    public void What_follows_a_cut_tail_is_found_again()
    {
        var whole = PlayAndAbandon(Batches);
        Disk[First].SetLength(whole.Length - 1);
        using (var store = Open())
        {
            new ScriptedLoad(store, Seed).PlayTo(Batches + 3);
            store.Abandon();
        }
        using var again = Open();
        Assert.Equal(Batches + 3, new ScriptedLoad(again, Seed).Played);
    }

    [Fact]
    public async Task A_bit_flipped_in_what_is_known_to_be_synced_is_refused_with_file_and_offset()
    {
        var whole = PlayAndAbandon(Batches);
        var known = LastSyncedOffset(whole);
        for (var at = 0; at < known; at++)
        {
            Disk[First].Bytes[at] ^= (byte)(1 << at % 8);
            var damage = Assert.Throws<JournalDamagedException>(() => Open());
            Assert.Equal("/fake/" + First, damage.File);
            Assert.InRange(damage.Offset, 0, at);
            Disk[First].Bytes[at] ^= (byte)(1 << at % 8);
        }
        await OpensWhole();
    }

    [Fact]
    public void A_bit_flipped_behind_the_last_known_sync_cuts_the_journal_there()
    {
        var whole = PlayAndAbandon(Batches);
        for (var at = (int)LastSyncedOffset(whole); at < whole.Length; at++)
        {
            Disk[First].SetLength(0);
            Disk[First].Write(whole, 0);
            Disk[First].Bytes[at] ^= 0x10;
            using var store = Open();
            Assert.InRange(new ScriptedLoad(store, Seed).Played, Batches - 10, Batches - 1);
            store.Abandon();
        }
    }

    [Fact]
    public void Damage_in_a_segment_that_is_not_the_last_is_refused_wherever_it_is()
    {
        using (var store = Open(segmentBytes: 4096))
        {
            new ScriptedLoad(store, Seed).PlayTo(Batches);
            store.Abandon();
        }
        var last = (int)Disk[First].Length - 1;
        foreach (var at in new[] { 0, 40, last })
        {
            Disk[First].Bytes[at] ^= 1;
            Assert.Throws<JournalDamagedException>(() => Open());
            Disk[First].Bytes[at] ^= 1;
        }
        Disk[First].SetLength(last);
        Assert.Throws<JournalDamagedException>(() => Open());
    }

    [Fact]
    public void A_segment_that_is_missing_is_refused()
    {
        using (var store = Open(segmentBytes: 4096))
        {
            new ScriptedLoad(store, Seed).PlayTo(Batches);
            store.Abandon();
        }
        Disk.Delete("00000002.segment");
        Assert.Equal("/fake/00000002.segment", Assert.Throws<JournalDamagedException>(() => Open()).File);
    }

    [Fact]
    public async Task A_damaged_message_is_told_once_and_holds_its_mailbox_up_until_it_is_deleted()
    {
        using var store = Open();
        var driver = new StoreDriver(store);
        var ann = driver.Make("ann");
        driver.Deliver(ann, 1, "damaged");
        driver.Deliver(ann, 2, "whole");
        var at = Disk[First].Bytes.IndexOf("damaged"u8);
        Disk[First].Bytes[at] ^= 1;

        for (var reads = 0; reads < 2; reads++)
            await Assert.ThrowsAsync<JournalDamagedException>(async () => await driver.Read(ann, 1, 2));
        var notice = Assert.Single(Notices, notice => notice.Contains("damaged at offset"));
        Assert.StartsWith("/fake/00000001.segment ", notice);
        Assert.Contains($"message {new Position(ann.Epoch, 1)} of mailbox ann", notice);

        driver.Commit(new MessageRemoved(ann, 1, null));
        Assert.Equal([null, "whole"], await driver.Read(ann, 1, 2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_journal_whose_only_segment_is_missing_is_refused(bool isClean)
    {
        using (var store = Open())
        {
            new ScriptedLoad(store, Seed).PlayTo(Batches);
            if (!isClean) store.Abandon();
        }
        Disk.Delete(First);
        Assert.Equal("/fake/" + First, Assert.Throws<JournalDamagedException>(() => Open()).File);
        Assert.DoesNotContain(First, Disk.Names());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(FileHeader.Size - 1)]
    public void A_journal_whose_only_segment_was_emptied_is_refused(int length)
    {
        PlayAndAbandon(Batches);
        Disk[First].SetLength(length);
        Assert.Equal("/fake/" + First, Assert.Throws<JournalDamagedException>(() => Open()).File);
        Assert.Equal(length, Disk[First].Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_newest_segment_that_no_snapshot_has_seen_is_missed(bool isGone)
    {
        using (var store = Open(segmentBytes: 4096))
        {
            new ScriptedLoad(store, Seed).PlayTo(Batches);
            store.Abandon();
        }
        var newest = Disk.Names().Where(name => name.EndsWith(".segment", StringComparison.Ordinal)).Max()!;
        if (isGone) Disk.Delete(newest); else Disk[newest].SetLength(0);
        Assert.Equal("/fake/" + newest, Assert.Throws<JournalDamagedException>(() => Open()).File);
    }

    [Fact]
    public void A_snapshot_that_is_missing_after_compaction_is_refused()
    {
        using (var store = Open(segmentBytes: 4096))
        {
            var driver = new StoreDriver(store);
            var ann = driver.Make("ann");
            for (var i = 1; i <= 60; i++) driver.Deliver(ann, i, new string('x', 300));
            driver.Commit(new Acknowledged(ann, 60, 60));
            store.Upkeep.RunOnce();
        }
        Disk.Delete(Disk.Names().Single(name => name.EndsWith(".snapshot", StringComparison.Ordinal)));
        var damage = Assert.Throws<JournalDamagedException>(() => Open());
        Assert.Equal("/fake/" + First, damage.File);
        Assert.Contains("snapshot", damage.Message);
    }

    [Fact]
    public void A_journal_without_its_identity_is_refused_and_goes_on_as_a_restored_copy()
    {
        ulong epoch;
        using (var store = Open()) epoch = new StoreDriver(store).Make("ann").Epoch;
        Disk.Delete("identity");
        var damage = Assert.Throws<JournalDamagedException>(() => Open());
        Assert.Equal("/fake/identity", damage.File);
        Assert.Contains("'restored'", damage.Message);

        Disk.Create("restored").Dispose();
        using var again = Open();
        Assert.NotEqual(epoch, new StoreDriver(again).Load("ann")!.Handle.Epoch);
    }

    [Fact]
    public void A_first_start_that_was_broken_off_anywhere_is_no_damage()
    {
        for (var operations = 0; operations < 12; operations++)
        {
            var disk = new FakeDisk();
            var left = operations;
            disk.Before = (_, _) => { if (--left < 0) throw new IOException("The power is gone."); };
            try
            {
                Open(disk).Abandon();
            }
            catch (StoreException)
            {
            }
            disk.Before = null;
            disk.LosePower(new Random(operations));
            using var store = Open(disk);
            new StoreDriver(store).Make("ann");
        }
    }

    [Fact]
    public void A_bit_flipped_anywhere_in_a_snapshot_is_refused()
    {
        using (var store = Open()) new ScriptedLoad(store, Seed).PlayTo(Batches);
        var snapshot = Disk["00000001.snapshot"];
        for (var at = 0; at < snapshot.Length; at++)
        {
            snapshot.Bytes[at] ^= 4;
            Assert.Equal("/fake/00000001.snapshot", Assert.Throws<JournalDamagedException>(() => Open()).File);
            snapshot.Bytes[at] ^= 4;
        }
        Open().Dispose();
    }

    [Fact]
    public void A_journal_that_ends_before_its_snapshot_is_refused()
    {
        using (var store = Open()) new ScriptedLoad(store, Seed).PlayTo(Batches);
        Disk[First].SetLength(Disk[First].Length - 1);
        Assert.Throws<JournalDamagedException>(() => Open());
    }

    [Fact]
    public async Task A_message_that_was_damaged_after_the_start_is_not_read()
    {
        using var store = Open();
        var driver = new StoreDriver(store);
        var ann = driver.Make("ann");
        driver.Deliver(ann, 1, "precious");
        var bytes = Disk[First].Bytes.ToArray();
        Disk[First].Bytes[bytes.AsSpan().IndexOf("precious"u8)] ^= 1;
        await Assert.ThrowsAsync<JournalDamagedException>(() => driver.Read(ann, 1));
    }

    [Fact]
    public void A_segment_with_a_damaged_message_stays_and_the_others_are_compacted()
    {
        using var store = Open(segmentBytes: 4096);
        var driver = new StoreDriver(store);
        var ann = driver.Make("ann");
        for (var i = 1; i <= 60; i++) driver.Deliver(ann, i, i % 20 == 1 ? "precious" : new string('x', 300));
        for (var i = 1; i <= 60; i++)
            if (i % 20 != 1) driver.Commit(new MessageRemoved(ann, i, null));
        Disk[First].Bytes[Disk[First].Bytes.IndexOf("precious"u8)] ^= 1;
        store.Upkeep.RunOnce();

        Assert.NotNull(store.Segments.Find(1));
        Assert.Null(store.Segments.Find(2));
        Assert.Single(Notices, notice => notice.StartsWith("A segment is not compacted", StringComparison.Ordinal));
    }

    [Fact]
    public void A_message_that_looks_like_a_batch_does_not_make_a_torn_tail_an_error()
    {
        var whole = PlayAndAbandon(Batches);
        using (var store = Open())
        {
            var driver = new StoreDriver(store);
            var ann = driver.Make("ann");
            var message = new Message { ContentType = "x", Body = whole, At = StoreDriver.Noon, Expires = StoreDriver.Noon };
            driver.Commit(StoreDriver.Append(message, new Target(ann, 1)));
            store.Abandon();
        }
        Disk[First].SetLength(Disk[First].Length - 1);
        using var again = Open();
        Assert.Empty(new StoreDriver(again).Load("ann")!.Entries);
    }

    [Fact]
    public void A_file_of_a_newer_format_is_refused()
    {
        Open().Dispose();
        foreach (var name in new[] { First, "00000001.snapshot", "identity" })
        {
            var good = Disk[name].Bytes.ToArray();
            var newer = good.ToArray();
            newer[8] = 2;
            BitConverter.TryWriteBytes(newer.AsSpan(28), Crc32C.Of(newer.AsSpan(0, 28)));
            Disk[name].Write(newer, 0);
            Assert.Contains("format version 2", Assert.Throws<StoreException>(() => Open()).Message);
            Disk[name].Write(good, 0);
        }
        Open().Dispose();
    }

    byte[] PlayAndAbandon(int batches)
    {
        using var store = Open();
        new ScriptedLoad(store, Seed).PlayTo(batches);
        store.Abandon();
        return Disk[First].Bytes.ToArray();
    }

    async Task OpensWhole()
    {
        using var store = Open();
        await CompareAsync(store, Batches);
    }

    static async Task CompareAsync(JournalStore store, int played)
    {
        var expected = new MemoryStore();
        new ScriptedLoad(expected, Seed).PlayTo(played);
        await StoreComparison.EqualAsync(expected, store, "group");
    }

    /// <summary>The highest offset that a batch of the file says was synced.</summary>
    long LastSyncedOffset(byte[] whole)
    {
        var segment = new Segment(1, BitConverter.ToUInt32(whole, 24), Disk.Open(First));
        var scanner = new SegmentScanner(segment, FileHeader.Size);
        var synced = 0L;
        for (; scanner.Peek() is { } frame; scanner.Pass(frame)) synced = frame.Synced;
        return synced;
    }
}
