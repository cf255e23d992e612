using Mailbox.Storage.PostgreSql;
using Xunit;
using static Mailbox.Storage.Tests.PostgreSql.TwoOwners;

namespace Mailbox.Storage.Tests.PostgreSql;

[Collection(PostgresGroup.Name)]
public sealed class GroupSendTests(PostgresServer server) : IDisposable
{
    readonly TwoOwners _owners = new(server);

    (PostgresLedger One, PostgresLedger Two) Ledgers => (_owners.Ledger, _owners.OtherLedger);

    public void Dispose() => _owners.Dispose();

    [Fact]
    public async Task A_send_is_for_the_members_at_its_beginning_but_the_excepted()
    {
        _owners.First.Make("ann");
        _owners.Second.Make("bob");
        await _owners.Join("ann bob cid dan");
        var begun = await Ledgers.One.BeginAsync(Room, await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken), Intent("x", except: "dan who"), TestContext.Current.CancellationToken);
        await _owners.Join("eve", remove: "ann");

        Assert.Equal("ann/first bob/second cid/", string.Join(' ', begun.Members.Select(m => $"{m.Mailbox}/{m.Owner}")));
        Assert.Equal("ann/first bob/second cid/", await _owners.Remaining(begun.Send!));
    }

    [Fact]
    public async Task Parts_of_several_owners_complete_a_send()
    {
        var (ann, bob) = (_owners.First.Make("ann"), _owners.Second.Make("bob"));
        await _owners.Join("ann bob cid");
        var fence = await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken);
        var send = await _owners.Begin("x", fence);
        Assert.Null(Store(_owners.First, send, ann).Fenced);
        Assert.Equal("bob/second cid/", await _owners.Remaining(send));
        Assert.Null(Store(_owners.Second, send, bob).Fenced);
        var cid = _owners.First.Load("cid")!.Handle;
        _owners.First.Commit(new SendPartDone(send.Id, [], [new(cid.Name, cid.Epoch, null)]));

        Assert.Equal("", await _owners.Remaining(send));
        Assert.Equal(new(Outcome.Stored, 3, 2, 1), await Ledgers.One.FinishAsync(Room, fence, send.Id, TestContext.Current.CancellationToken));
        Assert.Equal(["x"], await _owners.First.Read(ann, 1));
        Assert.Equal(["x"], await _owners.First.Read(bob, 1));
        Assert.Empty(await Ledgers.One.OpenSendsAsync(Room, TestContext.Current.CancellationToken));
        Assert.Equal(0, server.Ask($"SELECT count(*) FROM {_owners.Schema}.send_parts"));
    }

    [Fact]
    public async Task A_mailbox_gets_a_send_once_however_often_it_is_told_to()
    {
        var (ann, bob) = (_owners.First.Make("ann"), _owners.First.Make("bob"));
        await _owners.Join("ann bob");
        var send = await _owners.Begin("x", await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken));
        Store(_owners.First, send, ann);
        Assert.Equal([ann], Store(_owners.First, send, ann, bob).Fenced!);
        Assert.Single(_owners.Second.Load("ann")!.Entries);
        Assert.Single(_owners.Second.Load("bob")!.Entries);
        var taken = _owners.Second.Load("ann")!.Handle;
        Assert.Equal([taken], Store(_owners.Second, send, taken).Fenced!);
        Assert.Single(_owners.Second.Load("ann")!.Entries);
    }

    [Fact]
    public async Task Told_twice_in_one_batch_a_mailbox_gets_nothing_of_it()
    {
        var ann = _owners.First.Make("ann");
        await _owners.Join("ann");
        var send = await _owners.Begin("x", await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken));
        var batch = _owners.First.Commit(
            StoreDriver.Append(send.Message, new Target(ann, 1)), new SendPartDone(send.Id, [ann], []),
            StoreDriver.Append(send.Message, new Target(ann, 2)), new SendPartDone(send.Id, [ann], []));
        Assert.Equal([ann], batch.Fenced!);
        Assert.Empty(_owners.First.Load("ann")!.Entries);
        Assert.Equal("ann/first", await _owners.Remaining(send));
    }

    [Fact]
    public async Task A_send_that_is_finished_stores_nothing_more()
    {
        var ann = _owners.First.Make("ann");
        await _owners.Join("ann");
        var fence = await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken);
        var send = await _owners.Begin("x", fence);
        await Ledgers.One.FinishAsync(Room, fence, send.Id, TestContext.Current.CancellationToken);
        Assert.Equal([ann], Store(_owners.First, send, ann).Fenced!);
        Assert.Empty(_owners.First.Load("ann")!.Entries);
    }

    [Fact]
    public async Task A_member_whose_mailbox_was_removed_does_not_remain_though_another_was_made_with_its_name()
    {
        var ann = _owners.First.Make("ann");
        await _owners.Join("ann");
        var fence = await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken);
        var send = await _owners.Begin("x", fence);
        _owners.First.Commit(new MailboxRemoved(ann));
        _owners.Second.Make("ann");

        Assert.Equal("", await _owners.Remaining(send));
        Assert.Equal(new(Outcome.Stored, 1, 0, 1), await Ledgers.One.FinishAsync(Room, fence, send.Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Who_was_taken_over_can_neither_begin_nor_finish()
    {
        var ann = _owners.First.Make("ann");
        await _owners.Join("ann");
        var fence = await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken);
        var send = await _owners.Begin("x", fence);
        Store(_owners.First, send, ann);
        var taken = await Ledgers.Two.TakeAsync(Room, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<FencedException>(async () => await _owners.Begin("y", fence));
        await Assert.ThrowsAsync<FencedException>(async () => await Ledgers.One.FinishAsync(Room, fence, send.Id, TestContext.Current.CancellationToken));
        Assert.Equal(new(Outcome.Stored, 1, 1, 0), await Ledgers.Two.FinishAsync(Room, taken, send.Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_new_taker_finds_the_open_sends_in_order_and_whole()
    {
        await _owners.Join("ann");
        var fence = await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken);
        var idle = TimeSpan.FromMinutes(3);
        var first = (await Ledgers.One.BeginAsync(Room, fence, Intent("1") with { Idle = idle }, TestContext.Current.CancellationToken)).Send!;
        var second = await _owners.Begin("2", fence);
        await Ledgers.Two.TakeAsync(Room, TestContext.Current.CancellationToken);
        var open = await Ledgers.Two.OpenSendsAsync(Room, TestContext.Current.CancellationToken);
        Assert.Equal([first.Id, second.Id], open.Select(send => send.Id));
        Assert.Equal([idle, null], open.Select(send => send.Idle));
        var (sent, found) = (first.Message, open[0].Message);
        Assert.Equal(
            (sent.At, sent.Expires, sent.ContentType, sent.Type, sent.Topic, sent.Group),
            (found.At, found.Expires, found.ContentType, found.Type, found.Topic, found.Group));
        Assert.Equal(sent.Body.ToArray(), found.Body.ToArray());
    }

    [Fact]
    public async Task Only_the_owner_may_refuse_and_a_mailbox_that_was_made_again_is_no_member()
    {
        var (ann, bob) = (_owners.Second.Make("ann"), _owners.Second.Make("bob"));
        await _owners.Join("ann bob");
        var send = await _owners.Begin("x", await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken));
        _owners.Second.Commit(new MailboxRemoved(bob));
        _owners.Second.Make("bob");
        _owners.First.Commit(new SendPartDone(send.Id, [], [new(ann.Name, ann.Epoch, null), new(bob.Name, bob.Epoch, null)]));
        Assert.Equal("ann/second", await _owners.Remaining(send));
    }

    [Fact]
    public async Task What_the_same_request_reached_counts_and_gets_nothing()
    {
        await _owners.Join("ann bob cid dan");
        await _owners.Join("bob dan", group: "former");
        var fence = await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken);
        var intent = new SendIntent(Sent("x"), Key(1), Names("dan"), Names("ann zoe"), [GroupName.Parse("former")]);
        var begun = await Ledgers.One.BeginAsync(Room, fence, intent, TestContext.Current.CancellationToken);
        Assert.Equal("cid", string.Join(' ', begun.Members.Select(member => member.Mailbox)));
        Store(_owners.First, begun.Send!, _owners.First.Load("cid")!.Handle);
        Assert.Equal(new(Outcome.Stored, 3, 3, 0), await Ledgers.One.FinishAsync(Room, fence, begun.Send!.Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_group_without_members_begins_nothing()
    {
        var begun = await Ledgers.One.BeginAsync(Room, await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken), Intent("x", Key(1)), TestContext.Current.CancellationToken);
        Assert.Null(begun.Send);
        Assert.Equal(new(Outcome.Stored, 0, 0, 0), begun.Answer);
        await _owners.Join("ann");
        Assert.NotNull((await Ledgers.Two.BeginAsync(Room, await Ledgers.Two.TakeAsync(Room, TestContext.Current.CancellationToken), Intent("x", Key(1)), TestContext.Current.CancellationToken)).Send);
    }

    [Fact]
    public async Task A_send_that_nobody_goes_on_with_is_found()
    {
        await _owners.Join("ann");
        await _owners.Begin("x", await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken));
        Assert.Empty(await Ledgers.Two.UnfinishedAsync(StoreDriver.Noon, 10, TestContext.Current.CancellationToken));
        Assert.Equal([Room], await Ledgers.Two.UnfinishedAsync(StoreDriver.Noon.AddSeconds(1), 10, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_group_of_ten_thousand_is_joined_and_sent_to_at_once()
    {
        var names = string.Join(' ', Enumerable.Range(0, 10_000).Select(i => $"member-{i:D5}"));
        Assert.Equal(10_000, (await _owners.Join(names)).Added);
        var fence = await Ledgers.One.TakeAsync(Room, TestContext.Current.CancellationToken);
        var send = await _owners.Begin("x", fence);
        await _owners.FirstStore.PrepareAsync(Names(names), TestContext.Current.CancellationToken);
        var handles = Names(names).Select(name => _owners.First.Load(name.ToString())!.Handle).ToArray();
        Assert.Null(Store(_owners.First, send, handles).Fenced);
        Assert.Equal("", await _owners.Remaining(send));
        Assert.Equal(new(Outcome.Stored, 10_000, 10_000, 0), await Ledgers.One.FinishAsync(Room, fence, send.Id, TestContext.Current.CancellationToken));
        Assert.Equal(1, server.Ask($"SELECT count(*) FROM {_owners.Schema}.bodies"));
    }
}
