using Xunit;

namespace Mailbox.Storage.Tests.PostgreSql;

[Collection(PostgresGroup.Name)]
public sealed class OwnershipTests(PostgresServer server) : IDisposable
{
    static readonly DateTimeOffset s_later = StoreDriver.Noon.AddHours(2);

    readonly TwoOwners _owners = new(server);

    public void Dispose() => _owners.Dispose();

    [Fact]
    public async Task The_mailboxes_of_a_dead_owner_belong_to_nobody_and_it_is_fenced_off()
    {
        var (ann, bob) = (_owners.First.Make("ann"), _owners.Second.Make("bob"));
        Assert.Equal(["first", "second"], await _owners.SecondStore.OwnersAsync(TestContext.Current.CancellationToken));
        await _owners.SecondStore.ForgetOwnersAsync(["first", "who"], s_later, TestContext.Current.CancellationToken);

        Assert.Equal(["second"], await _owners.SecondStore.OwnersAsync(TestContext.Current.CancellationToken));
        Assert.Equal([ann], _owners.First.Deliver(ann, 1).Fenced!);
        Assert.Null(_owners.Second.Deliver(bob, 1).Fenced);
        Assert.Empty(_owners.Second.Load("ann")!.Entries);
    }

    [Fact]
    public async Task Who_was_held_by_a_dead_owner_is_disconnected_from_now_on()
    {
        var (held, left) = (_owners.First.Make("held"), _owners.First.Make("left"));
        _owners.First.Commit(new DeadlineMoved(held, StoreDriver.Noon.ToUnixTimeMilliseconds(), true));
        _owners.First.Commit(new DeadlineMoved(left, StoreDriver.Noon.ToUnixTimeMilliseconds(), false));
        Assert.Empty(_owners.Second.Overdue(s_later));
        await _owners.SecondStore.ForgetOwnersAsync(["first"], s_later, TestContext.Current.CancellationToken);

        Assert.Equal(["left"], _owners.Second.Overdue(s_later));
        var marks = _owners.Second.Load("held")!.Marks;
        Assert.False(marks.Held);
        Assert.Equal(s_later.Add(MailboxOptions.Default.Idle).ToUnixTimeMilliseconds(), marks.Deadline);
    }

    [Fact]
    public void Who_is_held_when_its_owner_ends_is_disconnected_from_then_on()
    {
        var held = _owners.First.Make("held");
        _owners.First.Commit(new DeadlineMoved(held, StoreDriver.Noon.ToUnixTimeMilliseconds(), true));
        _owners.FirstStore.Dispose();

        var idle = MailboxOptions.Default.Idle;
        Assert.Equal(["held"], _owners.Second.Overdue(StoreDriver.Noon + idle));
        Assert.Equal(StoreDriver.Noon.Add(idle).ToUnixTimeMilliseconds(), _owners.Second.Load("held")!.Marks.Deadline);
    }

    [Fact]
    public async Task A_deadline_that_is_later_stays()
    {
        var ann = _owners.First.Make("ann");
        var deadline = s_later.AddDays(9).ToUnixTimeMilliseconds();
        _owners.First.Commit(new DeadlineMoved(ann, deadline, true));
        await _owners.SecondStore.ForgetOwnersAsync(["first"], s_later, TestContext.Current.CancellationToken);
        Assert.Equal(deadline, _owners.Second.Load("ann")!.Marks.Deadline);
    }

    [Fact]
    public async Task What_nobody_else_owns_can_be_taken_without_fencing_anybody_off()
    {
        var (ann, bob) = (_owners.First.Make("ann"), _owners.Second.Make("bob"));
        await _owners.Join("cid");
        var left = await _owners.SecondStore.PrepareUnownedAsync(TwoOwners.Names("ann bob cid dan"), TestContext.Current.CancellationToken);

        Assert.Equal([ann.Name], left);
        Assert.Null(_owners.First.Deliver(ann, 1).Fenced);
        Assert.Equal([bob], _owners.Second.Deliver(bob, 1).Fenced!);
        Assert.Null(_owners.Second.Deliver(_owners.Second.Load("cid")!.Handle, 1).Fenced);
        Assert.Null(_owners.Second.Load("dan"));
        Assert.Equal(1, server.Ask($"SELECT count(*) FROM {_owners.Schema}.mailboxes WHERE owner = 'first'"));
    }
}
