using Xunit;
using static Mailbox.Storage.Tests.StoreDriver;

namespace Mailbox.Storage.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public void A_mailbox_that_was_never_made_is_not_there()
    {
        Assert.Null(Driver.Load("nobody"));
        Assert.Empty(Driver.Names());
    }

    [Fact]
    public void A_mailbox_that_was_made_is_loaded_with_what_it_was_made_with()
    {
        var options = new MailboxOptions(TimeSpan.FromMinutes(3), OverflowPolicy.Reject, 7, 70);
        var handle = Driver.New("ann");
        Driver.Commit(new MailboxMade(handle, options, 123_456));

        var loaded = Driver.Load("ann")!;
        Assert.Equal(handle.Epoch, loaded.Handle.Epoch);
        Assert.Equal(options, loaded.Options);
        Assert.Equal(new MailboxMarks(0, 0, 0, 0, 0, 123_456, false), loaded.Marks);
        Assert.Empty(loaded.Entries);
    }

    [Fact]
    public void Epochs_are_never_given_twice()
    {
        var epochs = Enumerable.Range(0, 1000).Select(_ => Driver.Store.NewEpoch()).ToHashSet();
        Assert.Equal(1000, epochs.Count);
        Assert.DoesNotContain(0UL, epochs);
    }

    [Fact]
    public void A_mailbox_made_again_has_another_epoch_and_nothing_of_the_old_one()
    {
        var old = Driver.Make("ann");
        Driver.Deliver(old, 1);
        Driver.Commit(new MailboxRemoved(old));
        Assert.Null(Driver.Load("ann"));

        var young = Driver.Make("ann");
        Assert.NotEqual(old.Epoch, young.Epoch);
        Assert.Empty(Driver.Load("ann")!.Entries);
    }

    [Fact]
    public void A_mailbox_may_be_removed_and_made_again_in_one_batch()
    {
        var old = Driver.Make("ann");
        var young = Driver.New("ann");
        var batch = Driver.Commit(
            new MailboxRemoved(old),
            new MailboxMade(young, MailboxOptions.Default, Tomorrow),
            Append(Text("new"), new Target(young, 1)));

        Assert.Null(batch.Fenced);
        Assert.Equal(young.Epoch, Driver.Load("ann")!.Handle.Epoch);
    }

    [Fact]
    public void Making_a_mailbox_whose_name_is_taken_is_refused()
    {
        var first = Driver.Make("ann");
        var second = Driver.New("ann");
        var batch = Driver.Commit(new MailboxMade(second, MailboxOptions.Default, Tomorrow), Append(Text("no"), new Target(second, 1)));

        Assert.Equal([second], batch.Fenced!);
        Assert.Equal(first.Epoch, Driver.Load("ann")!.Handle.Epoch);
        Assert.Empty(Driver.Load("ann")!.Entries);
    }

    [Fact]
    public void Options_that_were_set_stay()
    {
        var options = new MailboxOptions(TimeSpan.FromDays(2), OverflowPolicy.DropNewest, 5, 50);
        Driver.Commit(new OptionsSet(Driver.Make("ann"), options));
        Assert.Equal(options, Driver.Load("ann")!.Options);
    }

    [Fact]
    public void Names_are_paged_in_ordinal_order_also_those_that_come_and_go_between_pages()
    {
        foreach (var name in new[] { "b", "a", "B", "a:1", "~", "0" }) Driver.Make(name);
        Assert.Equal(["0", "B", "a"], Driver.Names(null, 3));

        var late = Driver.Make("aa");
        Driver.Make("A");
        Assert.Equal(["a:1", "aa", "b"], Driver.Names("a", 3));
        Driver.Commit(new MailboxRemoved(late));
        Assert.Equal(["a:1", "b", "~"], Driver.Names("a"));
        Assert.Equal(["A", "B"], Driver.Names("0", 2));
        Assert.Empty(Driver.Names("~"));
    }

    [Fact]
    public void Names_go_on_after_a_text_that_is_no_name()
    {
        foreach (var name in new[] { "a", "b" }) Driver.Make(name);
        Driver.Names();
        Driver.Make("c");
        Assert.Equal(["b", "c"], Driver.Names("a b"));
        Assert.Equal(["a", "b", "c"], Driver.Names(""));
    }

    [Fact]
    public void Only_mailboxes_past_their_stored_deadline_are_overdue()
    {
        Driver.Make("late", Noon.AddSeconds(-1).ToUnixTimeMilliseconds());
        Driver.Make("due", Noon.ToUnixTimeMilliseconds());
        Driver.Make("soon", Noon.AddMilliseconds(1).ToUnixTimeMilliseconds());
        Assert.Equal(["due", "late"], Driver.Overdue(Noon).Order());
        Assert.Single(Driver.Overdue(Noon, 1));
    }

    [Fact]
    public void A_deadline_that_moves_either_way_counts_where_it_is_now()
    {
        var later = Driver.Make("later", Noon.ToUnixTimeMilliseconds());
        var earlier = Driver.Make("earlier", Noon.AddHours(5).ToUnixTimeMilliseconds());
        Driver.Commit(new DeadlineMoved(later, Noon.AddHours(2).ToUnixTimeMilliseconds(), false));
        Driver.Commit(new DeadlineMoved(earlier, Noon.AddHours(1).ToUnixTimeMilliseconds(), false));

        Assert.Empty(Driver.Overdue(Noon));
        Assert.Equal(["earlier"], Driver.Overdue(Noon.AddHours(1)));
        Assert.Equal(["earlier", "later"], Driver.Overdue(Noon.AddHours(6)).Order());
    }

    [Fact]
    public void A_held_mailbox_is_not_overdue_until_it_is_let_go()
    {
        var ann = Driver.Make("ann", Noon.ToUnixTimeMilliseconds());
        Driver.Commit(new DeadlineMoved(ann, Noon.ToUnixTimeMilliseconds(), true));
        Assert.Empty(Driver.Overdue(Noon.AddDays(40)));

        Driver.Commit(new DeadlineMoved(ann, Noon.AddDays(41).ToUnixTimeMilliseconds(), false));
        Assert.Empty(Driver.Overdue(Noon.AddDays(40)));
        Assert.Equal(["ann"], Driver.Overdue(Noon.AddDays(41)));
    }

    [Fact]
    public void A_removed_mailbox_is_not_overdue()
    {
        var ann = Driver.Make("ann", Noon.ToUnixTimeMilliseconds());
        Driver.Commit(new MailboxRemoved(ann));
        Assert.Empty(Driver.Overdue(Noon.AddDays(1)));
    }

    [Fact]
    public void Overdue_goes_on_over_many_mailboxes_whose_deadline_has_moved()
    {
        var batch = new CommitBatch { At = Noon };
        for (var i = 0; i < 10_000; i++)
        {
            var handle = Driver.New($"m{i}");
            batch.Records.Add(new MailboxMade(handle, MailboxOptions.Default, Noon.ToUnixTimeMilliseconds() - i));
            if (i % 1000 != 0) batch.Records.Add(new DeadlineMoved(handle, Tomorrow, false));
        }
        Driver.Store.Commit(batch);
        Assert.Equal(10, Driver.Overdue(Noon).Length);
        Assert.Equal(10, Driver.Overdue(Noon).Length);
    }

    [Fact]
    public void The_latest_time_of_a_batch_is_seen()
    {
        Driver.CommitAt(Noon.AddHours(1));
        Driver.CommitAt(Noon);
        Assert.Equal(Noon.AddHours(1), Driver.Store.LastSeen);
    }
}
