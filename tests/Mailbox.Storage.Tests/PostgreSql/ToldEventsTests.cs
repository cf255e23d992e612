using Mailbox.Engine;
using Mailbox.Storage.PostgreSql;
using Xunit;
using static Mailbox.Storage.Tests.PostgreSql.TwoOwners;

namespace Mailbox.Storage.Tests.PostgreSql;

/// <summary>What commits tell subscribers waits in the database until a send takes it (spec M16).</summary>
[Collection(PostgresGroup.Name)]
public sealed class ToldEventsTests(PostgresServer server) : IDisposable
{
    readonly TwoOwners _owners = new(server);

    public void Dispose() => _owners.Dispose();

    [Fact, Trait("Rule", "M16")]
    public async Task What_a_commit_tells_is_kept_until_a_send_takes_it()
    {
        await Subscribe();
        _owners.First.Commit(Opened("ann"));
        _owners.Second.Commit(Opened("bob"));
        Assert.Equal("ann:Opened bob:Opened", await Told());

        var taken = await _owners.Ledger.ToldAsync(1, TestContext.Current.CancellationToken);
        var begun = await Begin(taken);

        Assert.Equal("mailbox.events:billing", begun.Members.Single().Mailbox.ToString());
        Assert.Equal("bob:Opened", await Told());
    }

    [Fact, Trait("Rule", "M16")]
    public async Task Without_subscribers_nothing_is_kept()
    {
        _owners.First.Commit(Opened("ann"));
        Assert.Equal("", await Told());
    }

    [Fact, Trait("Rule", "M16")]
    public async Task What_happened_to_a_mailbox_that_another_owner_has_is_not_told()
    {
        await Subscribe();
        var (ann, _) = (_owners.First.Make("ann"), _owners.First.Make("bob"));
        _owners.Second.Load("ann");
        Assert.Equal([ann], _owners.First.Commit(new WrittenMarked(ann, 0), new EventsTold([Event("ann"), Event("bob")])).Fenced!);
        Assert.Equal("bob:Opened", await Told());
    }

    [Fact, Trait("Rule", "M16")]
    public async Task Mailboxes_that_a_join_makes_are_told_of_but_no_subscriber()
    {
        await Subscribe();
        await _owners.Join("ann bob");
        Assert.Equal("ann:Opened bob:Opened", await Told());
    }

    [Fact, Trait("Rule", "M16")]
    public async Task A_sender_that_lost_the_group_takes_nothing()
    {
        await Subscribe();
        _owners.First.Commit(Opened("ann"));
        var former = await _owners.Ledger.TakeAsync(MailboxEvents.Group, TestContext.Current.CancellationToken);
        await _owners.OtherLedger.TakeAsync(MailboxEvents.Group, TestContext.Current.CancellationToken);

        var told = await _owners.Ledger.ToldAsync(100, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<FencedException>(async () => await Begin(told, former));

        Assert.Equal("ann:Opened", await Told());
    }

    [Fact, Trait("Rule", "M16")]
    public async Task Whoever_looks_for_what_is_left_to_do_finds_the_group_of_the_subscribers()
    {
        await Subscribe();
        Assert.Empty(await _owners.Ledger.UnfinishedAsync(StoreDriver.Noon, 10, TestContext.Current.CancellationToken));
        _owners.First.Commit(Opened("ann"));
        Assert.Equal([MailboxEvents.Group], await _owners.OtherLedger.UnfinishedAsync(StoreDriver.Noon, 10, TestContext.Current.CancellationToken));
    }

    Task<MembersResult> Subscribe() => _owners.Join("mailbox.events:billing", group: MailboxEvents.Group.ToString());

    async Task<BegunSend> Begin(IReadOnlyList<ToldEvents> told, long? fence = null) => await _owners.Ledger.BeginAsync(
        MailboxEvents.Group, fence ?? await _owners.Ledger.TakeAsync(MailboxEvents.Group),
        Intent("letter") with { Telling = [.. told.Select(static one => one.Id)] });

    async Task<string> Told() =>
        string.Join(' ', (await _owners.Ledger.ToldAsync(100)).SelectMany(static one => one.Events).Select(static e => $"{e.Mailbox}:{e.Kind}"));

    static EventsTold Opened(string mailbox) => new([Event(mailbox)]);

    static MailboxEvent Event(string mailbox) => new(MailboxName.Parse(mailbox), MailboxEventKind.Opened, StoreDriver.Noon);
}
