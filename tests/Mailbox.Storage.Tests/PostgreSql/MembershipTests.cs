using Mailbox.Storage.PostgreSql;
using Xunit;

namespace Mailbox.Storage.Tests.PostgreSql;

[Collection(PostgresGroup.Name)]
public sealed class MembershipTests(PostgresServer server) : IDisposable
{
    readonly TwoOwners _owners = new(server);

    public void Dispose() => _owners.Dispose();

    [Fact]
    public async Task Joining_makes_the_mailbox_and_twice_is_one_membership()
    {
        Assert.Equal(new(Outcome.Stored, 2, 0, 2), await _owners.Join("ann bob ann"));
        Assert.Equal(new(Outcome.Stored, 1, 0, 3), await _owners.Join("bob cid"));
        var ann = _owners.Second.Load("ann")!;
        Assert.Equal(StoreDriver.Noon.Add(MailboxOptions.Default.Idle).ToUnixTimeMilliseconds(), ann.Marks.Deadline);
        Assert.Equal(MailboxOptions.Default, ann.Options);
    }

    [Fact]
    public async Task Joining_leaves_a_mailbox_as_it_is_and_with_its_owner()
    {
        var ann = _owners.Second.Make("ann");
        await _owners.Join("ann");
        Assert.Null(_owners.Second.Deliver(ann, 1).Fenced);
        Assert.Equal(ann.Epoch, _owners.First.Load("ann")!.Handle.Epoch);
    }

    [Fact]
    public async Task Who_is_added_and_removed_at_once_is_no_member()
    {
        await _owners.Join("ann");
        Assert.Equal(new(Outcome.Stored, 1, 2, 0), await _owners.Join("bob", remove: "ann bob cid"));
        Assert.Null(await _owners.Members());
    }

    [Fact]
    public async Task A_mailbox_that_is_due_is_removed_before_it_joins()
    {
        var ann = _owners.First.Make("ann", deadline: StoreDriver.Noon.ToUnixTimeMilliseconds());
        await _owners.Join("ann", group: "former", at: StoreDriver.Noon.AddSeconds(-1));
        _owners.First.Deliver(ann, 1);
        var changed = await _owners.Change("ann bob");

        Assert.Equal(("ann", "ann bob"), (string.Join(' ', changed.Expired), string.Join(' ', changed.Made)));
        Assert.NotEqual(ann.Epoch, _owners.Second.Load("ann")!.Handle.Epoch);
        Assert.Null(await _owners.Members("former"));
        Assert.Equal("ann bob", await _owners.Members());
        Assert.Equal([ann], _owners.First.Deliver(ann, 2).Fenced!);
        Assert.Equal(0, server.Ask($"SELECT count(*) FROM {_owners.Schema}.entries"));
    }

    [Fact]
    public async Task A_mailbox_that_is_removed_leaves_its_groups()
    {
        var ann = _owners.First.Make("ann");
        await _owners.Join("ann bob");
        await _owners.Join("ann", group: "a/b");
        Assert.Equal("a/b room", string.Join(' ', (await _owners.FirstStore.GroupsOfAsync(ann.Name, TestContext.Current.CancellationToken))!));
        _owners.First.Commit(new MailboxRemoved(ann));
        Assert.Equal("bob", await _owners.Members());
        Assert.Null(await _owners.Members("a/b"));
    }

    [Fact]
    public async Task Members_come_in_pages_in_ordinal_order()
    {
        await _owners.Join("b Z a c");
        var first = (await _owners.Ledger.GetAsync(TwoOwners.Room, null, 3, TestContext.Current.CancellationToken))!;
        Assert.Equal("Z a b", string.Join(' ', first.Members));
        Assert.Equal((4, "b"), (first.Count, first.Next));
        var last = (await _owners.Ledger.GetAsync(TwoOwners.Room, first.Next, 3, TestContext.Current.CancellationToken))!;
        Assert.Equal(("c", null), (string.Join(' ', last.Members), last.Next));
    }

    [Fact]
    public async Task A_removed_group_is_gone_and_its_mailboxes_stay()
    {
        await _owners.Join("ann bob");
        Assert.True(await _owners.Ledger.RemoveAsync(TwoOwners.Room, StoreDriver.Noon, Guid.NewGuid(), TestContext.Current.CancellationToken));
        Assert.False(await _owners.Ledger.RemoveAsync(TwoOwners.Room, StoreDriver.Noon, Guid.NewGuid(), TestContext.Current.CancellationToken));
        Assert.Null(await _owners.Members());
        Assert.Equal(["ann", "bob"], _owners.First.Names());
    }

    [Fact, Trait("Rule", "G3")]
    public async Task A_change_that_arrives_again_changes_nothing()
    {
        var (key, other) = (Guid.NewGuid(), Guid.NewGuid());
        await _owners.Join("ann bob");
        Assert.Equal(new(Outcome.Stored, 1, 1, 2), await ChangeAsync(_owners.Ledger, "cid", "ann", key));
        await _owners.Join("ann", remove: "cid");
        Assert.Equal(new(Outcome.Stored, 0, 0, 2), await ChangeAsync(_owners.OtherLedger, "cid", "ann", key));
        Assert.Equal("ann bob", await _owners.Members());
        Assert.Equal(new(Outcome.Stored, 1, 1, 2), await ChangeAsync(_owners.OtherLedger, "cid", "ann", other));
    }

    [Fact, Trait("Rule", "G3")]
    public async Task Attempts_at_one_change_that_meet_change_once()
    {
        var (key, names) = (Guid.NewGuid(), string.Join(' ', Enumerable.Range(0, 500).Select(i => $"m{i}")));
        var changes = Enumerable.Range(0, 8).Select(i => Task.Run(() => ChangeAsync(i % 2 == 0 ? _owners.Ledger : _owners.OtherLedger, names, "", key)));
        var results = await Task.WhenAll(changes);
        Assert.Equal([500, 0, 0, 0, 0, 0, 0, 0], results.Select(result => result.Added).OrderDescending());
        Assert.All(results, result => Assert.Equal((Outcome.Stored, 500), (result.Outcome, result.Count)));
    }

    [Fact, Trait("Rule", "G3")]
    public async Task A_removal_of_a_group_that_arrives_again_removes_nothing()
    {
        var key = Guid.NewGuid();
        await _owners.Join("ann");
        Assert.True(await _owners.Ledger.RemoveAsync(TwoOwners.Room, StoreDriver.Noon, key, TestContext.Current.CancellationToken));
        await _owners.Join("bob");
        Assert.False(await _owners.OtherLedger.RemoveAsync(TwoOwners.Room, StoreDriver.Noon, key, TestContext.Current.CancellationToken));
        Assert.Equal("bob", await _owners.Members());
    }

    [Fact, Trait("Rule", "M15")]
    public async Task A_mailbox_that_is_due_is_removed_by_a_change_that_arrives_again_too()
    {
        var key = Guid.NewGuid();
        await ChangeAsync(_owners.Ledger, "ann", "", key);
        var late = StoreDriver.Noon.Add(MailboxOptions.Default.Idle);
        var changed = await _owners.OtherLedger.ChangeMembersAsync(
            TwoOwners.Room, TwoOwners.Names("ann"), [], MailboxOptions.Default, late, key, TestContext.Current.CancellationToken);
        Assert.Equal(("ann", 0, new(Outcome.Stored)), (string.Join(' ', changed.Expired), changed.Made.Count, changed.Result));
    }

    [Fact]
    public async Task A_change_is_remembered_for_ten_minutes_and_not_among_the_keys_of_sends()
    {
        await ChangeAsync(_owners.Ledger, "ann", "", Guid.NewGuid());
        Assert.Equal(StoreDriver.Noon.AddMinutes(10).ToUnixTimeSeconds(), server.Ask($"SELECT expires FROM {_owners.Schema}.keys"));
        Assert.Equal(0, server.Ask($"SELECT count(*) FROM {_owners.Schema}.keys WHERE mailbox IS NULL"));
        await _owners.FirstStore.Upkeep.RunAsync(StoreDriver.Noon.AddMinutes(10), TestContext.Current.CancellationToken);
        Assert.Equal(0, server.Ask($"SELECT count(*) FROM {_owners.Schema}.keys"));
    }

    [Fact]
    public async Task Two_processes_may_change_a_group_at_once()
    {
        var names = string.Join(' ', Enumerable.Range(0, 500).Select(i => $"m{i}"));
        var changes = Enumerable.Range(0, 8).Select(i => Task.Run(
            async () => await (i % 2 == 0 ? _owners.Ledger : _owners.OtherLedger).ChangeMembersAsync(
                TwoOwners.Room, TwoOwners.Names(names), [], MailboxOptions.Default, StoreDriver.Noon, Guid.NewGuid())));
        var results = await Task.WhenAll(changes);
        Assert.Equal(500, results.Sum(changed => changed.Result.Added));
        Assert.Equal(500, (await _owners.Ledger.GetAsync(TwoOwners.Room, null, 1, TestContext.Current.CancellationToken))!.Count);
    }

    static async Task<MembersResult> ChangeAsync(PostgresLedger ledger, string add, string remove, Guid key) => (await ledger.ChangeMembersAsync(
        TwoOwners.Room, TwoOwners.Names(add), TwoOwners.Names(remove), MailboxOptions.Default, StoreDriver.Noon, key)).Result;
}
