using Xunit;
using static Mailbox.Storage.Tests.StoreDriver;

namespace Mailbox.Storage.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public void A_group_without_members_is_empty() => Assert.Empty(Driver.Members("room"));

    [Fact]
    public void Members_are_listed_once_by_ordinal_name()
    {
        var (b, a, upper) = (Driver.Make("b"), Driver.Make("a"), Driver.Make("B"));
        Driver.Commit(Join("room/1", b, a, b), Join("room/1", a, upper));
        Assert.Equal(["B", "a", "b"], Driver.Members("room/1"));
        Assert.Equal([GroupName.Parse("room/1")], Driver.Load("a")!.Groups);
    }

    [Fact]
    public void A_member_leaves_one_group_and_stays_in_the_others()
    {
        var ann = Driver.Make("ann");
        Driver.Commit(Join("one", ann), Join("two", ann), Leave("one", ann));
        Assert.Empty(Driver.Members("one"));
        Assert.Equal(["ann"], Driver.Members("two"));
        Assert.Equal([GroupName.Parse("two")], Driver.Load("ann")!.Groups);
    }

    [Fact]
    public void A_removed_mailbox_is_no_member_and_made_again_neither()
    {
        var (ann, bob) = (Driver.Make("ann"), Driver.Make("bob"));
        Driver.Commit(Join("one", ann, bob), Join("two", ann));
        Driver.Commit(new MailboxRemoved(ann));
        Driver.Make("ann");

        Assert.Equal(["bob"], Driver.Members("one"));
        Assert.Empty(Driver.Members("two"));
        Assert.Empty(Driver.Load("ann")!.Groups);
    }

    [Fact]
    public async Task One_message_is_put_into_many_mailboxes_each_with_its_number()
    {
        var members = Enumerable.Range(0, 500).Select(i => Driver.Make($"m{i}")).ToArray();
        Driver.Deliver(members[3], 1, "before");
        Driver.Commit(Append(Text("all"), [.. members.Select(m => new Target(m, m == members[3] ? 2 : 1))]));

        Assert.Equal(["all"], await Driver.Read(members[499], 1));
        Assert.Equal(["before", "all"], await Driver.Read(members[3], 1, 2));
        Driver.Commit(new Acknowledged(members[0], 1, 1), new MailboxRemoved(members[1]));
        Assert.Equal(new string?[] { null }, await Driver.Read(members[0], 1));
        Assert.Equal(["all"], await Driver.Read(members[2], 1));
    }

    [Fact]
    public void Only_the_first_targets_count_when_the_array_is_longer()
    {
        var (ann, bob) = (Driver.Make("ann"), Driver.Make("bob"));
        Driver.Commit(new MessageAppended(Text("x"), [new(ann, 1), new(bob, 1)], 1));
        Assert.Single(Driver.Load("ann")!.Entries);
        Assert.Empty(Driver.Load("bob")!.Entries);
    }
}
