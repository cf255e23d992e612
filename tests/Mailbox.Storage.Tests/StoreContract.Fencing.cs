using Xunit;
using static Mailbox.Storage.Tests.StoreDriver;

namespace Mailbox.Storage.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public void A_batch_of_current_owners_reports_nobody()
    {
        var batch = Driver.Deliver(Driver.Make("ann"), 1);
        Assert.Null(batch.Fenced);
    }

    [Fact]
    public void A_second_load_refuses_the_first_owner_and_stores_the_rest_of_its_batch()
    {
        var (ann, bob) = (Driver.Make("ann"), Driver.Make("bob"));
        Driver.Load("ann");
        var batch = Driver.Commit(
            Append(Text("both"), new Target(ann, 1), new Target(bob, 1)),
            new DeadlineMoved(ann, 1, false),
            Append(Text("bob"), new Target(bob, 2)));

        Assert.Equal([ann], batch.Fenced!);
        Assert.Empty(Driver.Load("ann")!.Entries);
        Assert.Equal(Tomorrow, Driver.Load("ann")!.Marks.Deadline);
        Assert.Equal(2, Driver.Load("bob")!.Entries.Count);
    }

    [Fact]
    public void The_newest_load_may_write()
    {
        Driver.Make("ann");
        Driver.Load("ann");
        var owner = Driver.Load("ann")!.Handle;
        Assert.Null(Driver.Deliver(owner, 1).Fenced);
        Assert.Single(Driver.Load("ann")!.Entries);
    }

    [Fact]
    public void No_change_of_a_fenced_owner_is_stored()
    {
        var ann = Driver.Make("ann");
        Driver.Deliver(ann, 1);
        Driver.Commit(Join("stays", ann));
        Driver.Load("ann");
        StoreRecord[] changes =
        [
            new MessageRemoved(ann, 1, null), new Acknowledged(ann, 1, 1), new WrittenMarked(ann, 1), new NumbersReserved(ann, 9, Durability.Memory),
            new OptionsSet(ann, MailboxOptions.Default with { MaxMessages = 1 }), Join("room", ann), Leave("stays", ann),
            new MailboxRemoved(ann),
        ];
        foreach (var change in changes) Assert.Equal([ann], Driver.Commit(change).Fenced!);

        var loaded = Driver.Load("ann")!;
        Assert.Single(loaded.Entries);
        Assert.Equal(new MailboxMarks(1, 0, 0, 0, 0, Tomorrow, false), loaded.Marks);
        Assert.Equal(MailboxOptions.Default, loaded.Options);
        Assert.Equal([GroupName.Parse("stays")], loaded.Groups);
    }

    [Fact]
    public void The_answer_of_a_fenced_delivery_is_not_remembered()
    {
        var (ann, bob) = (Driver.Make("ann"), Driver.Make("bob"));
        Driver.Load("ann");
        var end = (uint)Noon.AddHours(1).ToUnixTimeSeconds();
        Driver.Commit(
            Append(Text("a"), new Target(ann, 1)), new KeyRemembered(new(1), new(0, end, ann.Epoch, 1, 0, Tomorrow)),
            Append(Text("b"), new Target(bob, 1)), new KeyRemembered(new(2), new(0, end, bob.Epoch, 1, 0, Tomorrow)));
        Assert.Null(Driver.Store.FindKey(new(1), Noon));
        Assert.NotNull(Driver.Store.FindKey(new(2), Noon));
    }

    [Fact]
    public void A_write_to_a_mailbox_that_is_gone_is_refused()
    {
        var ann = Driver.Make("ann");
        Driver.Commit(new MailboxRemoved(ann));
        Driver.Make("ann");
        Assert.Equal([ann], Driver.Deliver(ann, 1).Fenced!);
        Assert.Empty(Driver.Load("ann")!.Entries);
    }
}
