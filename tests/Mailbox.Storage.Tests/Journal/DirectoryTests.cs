using System.Globalization;
using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

public sealed class DirectoryTests : IDisposable
{
    readonly TemporaryDirectory _directory = new();

    [Fact]
    public void A_second_store_on_a_directory_is_refused_and_told_who_has_it()
    {
        using var store = Open("a");
        var refusal = Assert.Throws<StoreException>(() => Open("a"));
        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), refusal.Message);
    }

    [Fact]
    public void A_directory_is_free_again_when_its_store_is_closed()
    {
        Open("a").Dispose();
        Open("a").Dispose();
    }

    [Fact]
    public void Epochs_stay_over_a_restart_and_none_is_given_twice_although_none_was_stored()
    {
        ulong made, given;
        using (var store = Open("a"))
        {
            made = new StoreDriver(store).Make("ann").Epoch;
            given = store.NewEpoch();
            store.Abandon();
        }
        using var again = Open("a");
        Assert.Equal(made, new StoreDriver(again).Load("ann")!.Handle.Epoch);
        Assert.True(again.NewEpoch() > given);
    }

    [Fact]
    public void Times_and_keys_stay_over_a_restart_with_and_without_a_snapshot()
    {
        var key = new KeyId(UInt128.MaxValue - 5);
        var answer = new RememberedKey(ulong.MaxValue, uint.MaxValue, 1, long.MinValue, -3, long.MaxValue);
        using (var store = Open("a"))
        {
            new StoreDriver(store).CommitAt(StoreDriver.Noon.AddHours(3), new KeyRemembered(key, answer));
            store.Abandon();
        }
        for (var restart = 0; restart < 3; restart++)
        {
            using var store = Open("a");
            Assert.Equal(StoreDriver.Noon.AddHours(3), store.LastSeen);
            Assert.Equal(answer, store.FindKey(key, StoreDriver.Noon));
        }
    }

    [Fact]
    public void A_mailbox_stored_as_held_counts_as_disconnected_from_the_start()
    {
        using (var store = Open("a"))
        {
            var driver = new StoreDriver(store);
            var ann = driver.Make("ann", StoreDriver.Noon.ToUnixTimeMilliseconds());
            driver.Commit(new DeadlineMoved(ann, StoreDriver.Noon.ToUnixTimeMilliseconds(), true));
            store.Abandon();
        }
        using var again = JournalStore.Open(Options("a"), new FakeTimeProvider(StoreDriver.Noon.AddDays(3)));
        var marks = new StoreDriver(again).Load("ann")!.Marks;
        Assert.Equal((StoreDriver.Noon.AddDays(4).ToUnixTimeMilliseconds(), false), (marks.Deadline, marks.Held));
        Assert.Equal(["ann"], new StoreDriver(again).Overdue(StoreDriver.Noon.AddDays(4)));
    }

    [Fact]
    public void A_held_mailbox_outlives_a_clock_that_stepped_back_over_a_restart()
    {
        using (var store = Open("a"))
        {
            var driver = new StoreDriver(store);
            var ann = driver.Make("ann");
            driver.CommitAt(StoreDriver.Noon.AddDays(9), new DeadlineMoved(ann, 0, true));
            store.Abandon();
        }
        using var again = Open("a");
        Assert.Equal(StoreDriver.Noon.AddDays(10).ToUnixTimeMilliseconds(), new StoreDriver(again).Load("ann")!.Marks.Deadline);
    }

    [Fact]
    public async Task A_backup_taken_while_running_holds_all_that_was_answered_under_other_epochs()
    {
        using var store = Open("a");
        var driver = new StoreDriver(store);
        var (ann, bob) = (driver.Make("ann"), driver.Make("bob"));
        driver.Commit(StoreDriver.Join("room", ann, bob), StoreDriver.Append(StoreDriver.Text("all"), new(ann, 1), new(bob, 1)));
        await store.BackupAsync(_directory["b"], TestContext.Current.CancellationToken);
        driver.Deliver(ann, 2, "too late");

        using var copy = Open("b");
        var copied = new StoreDriver(copy);
        var restored = copied.Load("ann")!;
        Assert.NotEqual(ann.Epoch, restored.Handle.Epoch);
        Assert.Equal(["all", null], await copied.Read(restored.Handle, 1, 2));
        Assert.Equal(["ann", "bob"], copied.Members("room"));
        Assert.NotEqual(store.NewEpoch() >> 40, copy.NewEpoch() >> 40);
    }

    [Fact, Trait("Rule", "M4"), Trait("Rule", "M13")]
    public async Task The_keys_of_a_restored_copy_name_its_new_epochs_with_and_without_a_snapshot()
    {
        var (key, sent) = (new KeyId(7), new RememberedKey(1, uint.MaxValue, ulong.MaxValue, 2, 3, 0));
        using var store = Open("a");
        var ann = new StoreDriver(store).Make("ann");
        new StoreDriver(store).Commit(new KeyRemembered(key, new(9, uint.MaxValue, ann.Epoch, 5, 1, 8)), new KeyRemembered(new(8), sent));
        await store.BackupAsync(_directory["b"], TestContext.Current.CancellationToken);
        for (var start = 0; start < 3; start++)
        {
            using var copy = Open("b");
            var restored = new StoreDriver(copy).Load("ann")!.Handle.Epoch;
            Assert.Equal(new RememberedKey(9, uint.MaxValue, restored, 5, 1, 8), copy.FindKey(key, StoreDriver.Noon));
            Assert.Equal(sent, copy.FindKey(new(8), StoreDriver.Noon));
        }
    }

    [Fact]
    public async Task A_restored_copy_keeps_its_new_epochs()
    {
        using (var store = Open("a"))
        {
            new StoreDriver(store).Make("ann");
            await store.BackupAsync(_directory["b"], TestContext.Current.CancellationToken);
        }
        ulong first;
        using (var copy = Open("b")) first = new StoreDriver(copy).Load("ann")!.Handle.Epoch;
        using var again = Open("b");
        Assert.Equal(first, new StoreDriver(again).Load("ann")!.Handle.Epoch);
    }

    [Fact]
    public void A_directory_that_an_operator_marks_as_restored_changes_its_epochs_once()
    {
        ulong before, after;
        using (var store = Open("a")) before = new StoreDriver(store).Make("ann").Epoch;
        File.WriteAllText(Path.Combine(_directory["a"], "restored"), "");
        using (var store = Open("a")) after = new StoreDriver(store).Load("ann")!.Handle.Epoch;
        using var again = Open("a");
        Assert.NotEqual(before, after);
        Assert.Equal(after, new StoreDriver(again).Load("ann")!.Handle.Epoch);
    }

    [Fact]
    public async Task A_backup_does_not_overwrite_anything()
    {
        Directory.CreateDirectory(_directory["b"]);
        await File.WriteAllTextAsync(Path.Combine(_directory["b"], "mine"), "", TestContext.Current.CancellationToken);
        using var store = Open("a");
        await Assert.ThrowsAsync<StoreException>(() => store.BackupAsync(_directory["b"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_message_for_many_mailboxes_is_stored_once_also_by_compaction()
    {
        var options = Options("a") with { SegmentBytes = 64 << 10, SnapshotBytes = 1, RunsUpkeep = false };
        using var store = JournalStore.Open(options, new FakeTimeProvider(StoreDriver.Noon));
        var driver = new StoreDriver(store);
        var members = Enumerable.Range(0, 1000).Select(i => driver.Make($"m{i}")).ToArray();
        var body = new string('x', 20_000);
        driver.Commit(StoreDriver.Append(StoreDriver.Text(body), [.. members.Select(member => new Target(member, 1))]));
        for (var i = 2; i < 12; i++) driver.Deliver(members[0], i, body);
        driver.Commit(new Acknowledged(members[0], 11, 11));
        driver.Store.Sync();
        for (var i = 0; i < 3; i++) store.Upkeep.RunOnce();

        Assert.InRange(store.SegmentBytes, 20_000, 120_000);
        Assert.Equal([body], await driver.Read(members[999], 1));
    }

    [Fact]
    public void A_start_after_a_snapshot_replays_nothing_before_it()
    {
        using (var store = Open("a"))
        {
            var driver = new StoreDriver(store);
            var ann = driver.Make("ann");
            for (var i = 1; i <= 50; i++) driver.Deliver(ann, i);
        }
        // The records before the snapshot are not looked at: only their messages count, and those are checked when they are read.
        var segment = Path.Combine(_directory["a"], "00000001.segment");
        var bytes = File.ReadAllBytes(segment);
        bytes[100] ^= 1;
        File.WriteAllBytes(segment, bytes);
        using var again = Open("a");
        Assert.Equal(50, new StoreDriver(again).Load("ann")!.Entries.Count);
    }

    public void Dispose() => _directory.Dispose();

    JournalStore Open(string name) => JournalStore.Open(Options(name), new FakeTimeProvider(StoreDriver.Noon));

    JournalOptions Options(string name) => new() { Directory = _directory[name], ReserveBytes = 1 << 20 };
}
