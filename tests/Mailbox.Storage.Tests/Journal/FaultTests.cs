using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

public sealed class FaultTests : FakeDiskTest
{
    [Theory]
    [InlineData("write")]
    [InlineData("sync")]
    public void A_write_or_sync_that_failed_is_not_tried_again(string operation)
    {
        using var store = Open();
        var driver = new StoreDriver(store);
        var ann = driver.Make("ann");
        Disk.Before = (what, name) => Fail(what == operation && name.EndsWith(".segment", StringComparison.Ordinal));
        Assert.Throws<StoreException>(() => driver.Deliver(ann, 1));

        var touched = 0;
        Disk.Before = (_, _) => touched++;
        Assert.False(store.IsWritable);
        Assert.Throws<StoreException>(() => driver.Deliver(ann, 1));
        Assert.Throws<StoreException>(store.Sync);
        Assert.Equal(0, touched);
        Assert.Empty(driver.Load("ann")!.Entries);
    }

    [Fact]
    public void After_a_failure_a_new_start_finds_what_was_answered()
    {
        using (var store = Open())
        {
            var driver = new StoreDriver(store);
            var ann = driver.Make("ann");
            driver.Deliver(ann, 1);
            Disk.Before = (what, _) => Fail(what == "sync");
            Assert.Throws<StoreException>(() => driver.Deliver(ann, 2));
        }
        Disk.Before = null;
        Disk.LosePower(new Random(1));
        using var again = Open();
        Assert.InRange(new StoreDriver(again).Load("ann")!.Entries.Count, 1, 2);
    }

    [Fact]
    public void A_snapshot_that_cannot_be_written_leaves_the_journal_as_it_was()
    {
        using (var store = Open())
        {
            var driver = new StoreDriver(store);
            var ann = driver.Make("ann");
            Disk.Before = (what, name) => Fail(what == "sync" && name.Contains(".snapshot"));
            Assert.Throws<IOException>(store.Upkeep.WriteSnapshot);
            Assert.DoesNotContain(Disk.Names(), name => name.Contains(".snapshot"));
            driver.Deliver(ann, 1);
            Disk.Before = null;
            store.Upkeep.WriteSnapshot();
            store.Abandon();
        }
        using var again = Open();
        Assert.Single(new StoreDriver(again).Load("ann")!.Entries);
    }

    [Fact]
    public async Task A_full_disk_refuses_deliveries_and_changes_nothing()
    {
        using (var store = Open())
        {
            var driver = new StoreDriver(store);
            var ann = driver.Make("ann");
            driver.Deliver(ann, 1, "kept");
            Disk.Room = 50;
            Assert.Throws<StoreFullException>(() => driver.Deliver(ann, 2, "refused"));
            Assert.True(store.IsWritable);
            Assert.Equal(["kept", null], await driver.Read(ann, 1, 2));

            Disk.Room = 1 << 20;
            driver.Deliver(ann, 2, "later");
            store.Abandon();
        }
        using var again = Open();
        var reopened = new StoreDriver(again);
        Assert.Equal(["kept", "later"], await reopened.Read(reopened.Load("ann")!.Handle, 1, 2));
        Assert.DoesNotContain(Notices, notice => notice.Contains("torn"));
    }

    [Fact]
    public void On_a_full_disk_what_frees_room_goes_on_from_the_reserve_until_there_is_room_again()
    {
        Disk.Room = 200_000;
        using var store = Open(segmentBytes: 16 << 10, reserveBytes: 60_000);
        var driver = new StoreDriver(store);
        var ann = driver.Make("ann");
        var sequence = FillUp(driver, ann);
        Disk.Room = 10;

        CommitFreeing(store, new Acknowledged(ann, sequence, sequence));
        Assert.Throws<StoreFullException>(() => driver.Deliver(ann, sequence + 1));
        Assert.True(store.IsWritable);

        store.Upkeep.RunOnce();
        driver.Deliver(ann, sequence + 1);
        Assert.Equal([sequence + 1], driver.Load("ann")!.Entries.Select(entry => entry.Sequence));
        Assert.Equal(60_000, Disk["reserve"].Length);
    }

    [Fact]
    public void Of_a_small_disk_an_eighth_is_kept_back_and_that_is_told()
    {
        Disk.Room = 4 << 20;
        using var store = Open(reserveBytes: 64 << 20);
        var driver = new StoreDriver(store);
        driver.Deliver(driver.Make("ann"), 1);
        var kept = Disk["reserve"].Length;
        Assert.InRange(kept, 500_000, 512 << 10);
        Assert.Single(Notices, notice => notice.Contains($"{kept} are kept back"));
    }

    [Fact]
    public void That_the_disk_is_full_and_that_it_has_room_again_is_told_once_each()
    {
        Disk.Room = 200_000;
        using var store = Open(segmentBytes: 16 << 10, reserveBytes: 60_000);
        var driver = new StoreDriver(store);
        var ann = driver.Make("ann");
        var sequence = FillUp(driver, ann);
        Disk.Room = 10;
        CommitFreeing(store, new Acknowledged(ann, sequence, sequence));
        Assert.Throws<StoreFullException>(() => driver.Deliver(ann, sequence + 1));
        store.Upkeep.RunOnce();
        driver.Deliver(ann, sequence + 1);
        Assert.Single(Notices, notice => notice.Contains("is full"));
        Assert.Single(Notices, notice => notice.Contains("has room again"));
    }

    static long FillUp(StoreDriver driver, MailboxHandle mailbox)
    {
        for (var sequence = 1L; ; sequence++)
        {
            try
            {
                driver.Deliver(mailbox, sequence, new string('x', 1000));
            }
            catch (StoreFullException)
            {
                return sequence - 1;
            }
        }
    }

    static void CommitFreeing(JournalStore store, StoreRecord record)
    {
        var batch = new CommitBatch { Durability = Durability.Disk, At = StoreDriver.Noon, MayUseReserve = true };
        batch.Records.Add(record);
        store.Commit(batch);
    }

    static void Fail(bool fails)
    {
        if (fails) throw new IOException("Input/output error");
    }
}
