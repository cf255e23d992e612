using System.Globalization;
using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

public sealed class ConcurrencyTests(ITestOutputHelper output) : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly TemporaryDirectory _directory = new();

    [Fact]
    public void A_load_waits_for_a_batch_of_its_mailbox_that_is_being_written()
    {
        var disk = new FakeDisk();
        using var store = JournalStore.Open(new() { Directory = "/fake", Files = disk, ReserveBytes = 0 }, TimeProvider.System);
        var driver = new StoreDriver(store);
        var ann = driver.Make("ann");
        StoredMailbox? loaded = null;
        var loader = new Thread(() => loaded = driver.Load("ann"));
        disk.Before = (what, _) =>
        {
            disk.Before = null;
            loader.Start();
            Assert.True(SpinWait.SpinUntil(() => loader.ThreadState is ThreadState.WaitSleepJoin or ThreadState.Stopped, s_patience));
        };
        driver.Deliver(ann, 1);
        Assert.True(loader.Join(s_patience));
        Assert.Single(loaded!.Entries);
        Assert.Equal([ann], driver.Deliver(ann, 2).Fenced!);
    }

    [Fact]
    public void A_load_of_another_mailbox_does_not_wait_for_a_batch_that_is_being_written()
    {
        var disk = new FakeDisk();
        using var store = JournalStore.Open(new() { Directory = "/fake", Files = disk, ReserveBytes = 0 }, TimeProvider.System);
        var driver = new StoreDriver(store);
        var (ann, _) = (driver.Make("ann"), driver.Make("bob"));
        StoredMailbox? loaded = null;
        disk.Before = (_, _) => loaded = driver.Load("bob");
        driver.Deliver(ann, 1);
        Assert.NotNull(loaded);
    }

    [Fact]
    public async Task Reads_beside_compaction_get_the_message_they_ask_for()
    {
        // The messages that stay are less than half of a segment, so they are moved again and again.
        var options = new JournalOptions { Directory = _directory.Path, SegmentBytes = 16 << 10, SnapshotBytes = 1, RunsUpkeep = false };
        using var store = JournalStore.Open(options, TimeProvider.System);
        var driver = new StoreDriver(store) { Durability = Durability.Process };
        var (kept, passing) = (driver.Make("kept"), driver.Make("passing"));
        for (var i = 1; i <= 20; i++) driver.Deliver(kept, i, Body(i));

        using var done = new CancellationTokenSource();
        var reading = Task.Run(() => ReadUntil(driver, kept, done.Token));
        for (var i = 1; i <= 3000; i++)
        {
            driver.Deliver(passing, i, Body(i));
            if (i % 20 != 0) continue;
            driver.Commit(new Acknowledged(passing, i, i));
            store.Upkeep.RunOnce();
        }
        await done.CancelAsync();
        output.WriteLine($"{await reading} reads");
        Assert.True(store.Segments.InOrder.First().Number > 10, "nothing was compacted");
    }

    [Fact]
    public void A_large_store_starts_from_its_snapshot()
    {
        var mailboxes = Rounds.Of(normal: 20_000, @long: 1_000_000);
        var options = new JournalOptions { Directory = _directory.Path, ReserveBytes = 0, Notice = output.WriteLine };
        using (var store = JournalStore.Open(options, TimeProvider.System)) Fill(store, mailboxes);
        using var again = JournalStore.Open(options, TimeProvider.System);
        var last = (mailboxes - 1).ToString("D8", CultureInfo.InvariantCulture);
        Assert.Equal([last], new StoreDriver(again).Names((mailboxes - 2).ToString("D8", CultureInfo.InvariantCulture)));
        Assert.Single(new StoreDriver(again).Load(last)!.Entries);
    }

    public void Dispose() => _directory.Dispose();

    static void Fill(JournalStore store, int mailboxes)
    {
        var batch = new CommitBatch { At = StoreDriver.Noon, Durability = Durability.Process };
        for (var i = 0; i < mailboxes; i++)
        {
            var handle = new MailboxHandle(MailboxName.Parse(i.ToString("D8", CultureInfo.InvariantCulture)), store.NewEpoch());
            batch.Records.Add(new MailboxMade(handle, MailboxOptions.Default, StoreDriver.Tomorrow));
            batch.Records.Add(StoreDriver.Append(StoreDriver.Text("hello"), new Target(handle, 1)));
            if (batch.Records.Count < 2000 && i < mailboxes - 1) continue;
            store.Commit(batch);
            batch.Records.Clear();
        }
    }

    static async Task<int> ReadUntil(StoreDriver driver, MailboxHandle mailbox, CancellationToken cancel)
    {
        var sequences = Enumerable.Range(1, 20).Select(i => (long)i).ToArray();
        var expected = sequences.Select(i => (string?)Body(i)).ToList();
        var reads = 0;
        for (; !cancel.IsCancellationRequested; reads++) Assert.Equal(expected, await driver.Read(mailbox, sequences));
        return reads;
    }

    static string Body(long i) => $"{i} {new string('x', 150)}";
}
