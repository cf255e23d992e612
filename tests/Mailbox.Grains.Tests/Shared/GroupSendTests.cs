using Mailbox.Engine;
using Mailbox.Engine.Tests;
using Mailbox.Storage;
using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using static Mailbox.Grains.Tests.Shared.SharedGrid;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>Sends to groups whose members' mailboxes are at several silos, or at none.</summary>
public sealed class GroupSendTests(PostgresServer server) : IAsyncLifetime
{
    readonly PostgresOptions _database = server.NewSchema();
    SharedGrid? _grid;

    SharedGrid Grid => _grid!;

    public async ValueTask InitializeAsync() => _grid = await StartAsync(_database);

    public async ValueTask DisposeAsync()
    {
        if (_grid is not null) await _grid.DisposeAsync();
    }

    [Fact, Trait("Rule", "G4")]
    public async Task Members_get_it_whoever_has_their_mailbox_and_if_nobody_has()
    {
        var names = string.Join(' ', Enumerable.Range(0, 20).Select(static i => $"m{i}"));
        foreach (var (i, name) in Names(names).Index()) await Grid.DeliverAt(i % 2 == 0 ? Grid.One : Grid.Two, name.ToString(), "0");
        await Grid.Join(names + " nobody away");
        var owners = await Task.WhenAll(Names(names).Select(name => Grid.OwnerOf(name.ToString())));
        Assert.Equal(2, owners.Distinct().Count());
        Assert.All(owners, Assert.NotNull);
        Assert.Null(await Grid.OwnerOf("nobody"));

        Assert.Equal(new(Outcome.Stored, 21, 21, 0), await Grid.Send("1", except: "away"));
        Assert.Null(await Grid.OwnerOf("nobody"));
        foreach (var name in Names(names)) Assert.Equal("0 1", await Grid.Peek(name.ToString()));
        Assert.Equal(("1", ""), (await Grid.Peek("nobody"), await Grid.Peek("away")));
    }

    [Fact, Trait("Rule", "G4")]
    public async Task A_reader_that_waits_is_told()
    {
        await Grid.Join("ann bob cid dan");
        var bells = new List<Bell>();
        foreach (var name in Names("ann bob cid dan"))
        {
            var bell = new Bell();
            bells.Add(bell);
            var reader = (await Grid.Mailboxes.OpenAsync(name, new(), bell, TestContext.Current.CancellationToken)).Reader!;
            Assert.Equal(ReadStatus.Empty, reader.TryRead([]));
        }
        Assert.Equal(4, (await Grid.Send("1")).Stored);
        await Until(() => Task.FromResult(bells.TrueForAll(static bell => bell.Rings > 0)));
    }

    [Fact, Trait("Rule", "G5")]
    public async Task Sends_have_one_order_in_every_mailbox()
    {
        await Grid.Join("ann bob cid dan");
        foreach (var name in Names("ann bob")) await Grid.Deliver(name.ToString(), "0");
        var two = Grid.Two.GetRequiredService<IMailboxGrid>();
        var sends = Enumerable.Range(1, 30).Select(i => Task.Run(
            async () => await (i % 2 == 0 ? Grid.Mailboxes : two).SendAsync(Room, MessageDraft.FromText($"{i}"))));
        Assert.All(await Task.WhenAll(sends), static result => Assert.Equal(new(Outcome.Stored, 4, 4, 0), result));

        var order = await Grid.Peek("cid");
        Assert.Equal(30, order.Split(' ').Distinct().Count());
        Assert.Equal(order, await Grid.Peek("dan"));
        Assert.Equal("0 " + order, await Grid.Peek("ann"));
        Assert.Equal("0 " + order, await Grid.Peek("bob"));
    }

    [Fact, Trait("Rule", "G6")]
    public async Task A_member_that_refuses_does_not_stop_it()
    {
        await Grid.Join("ann bob");
        await Grid.Mailboxes.SetOptionsAsync(MailboxName.Parse("ann"), new() { MaxMessages = 1, Overflow = OverflowPolicy.Reject }, TestContext.Current.CancellationToken);
        await Grid.Deliver("ann", "0");
        Assert.Equal(new(Outcome.Stored, 2, 1, 1), await Grid.Send("1"));
        Assert.Equal(("0", "1"), (await Grid.Peek("ann"), await Grid.Peek("bob")));
    }

    [Fact, Trait("Rule", "M13")]
    public async Task The_same_key_sends_once()
    {
        await Grid.Join("ann bob");
        var sends = Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Grid.Send("1", key: "k")));
        Assert.All(await Task.WhenAll(sends), static result => Assert.Equal(new(Outcome.Stored, 2, 2, 0), result));
        Assert.Equal("1", await Grid.Peek("ann"));
        Assert.Equal(Outcome.KeyReused, (await Grid.Send("2", key: "k")).Outcome);
    }

    [Fact, Trait("Rule", "G9")]
    public async Task What_was_begun_by_who_died_comes_before_the_next_send()
    {
        await Grid.Join("ann bob");
        await Grid.Deliver("ann", "0");
        await Grid.Send("1");
        await Grid.BeginOnly("2");
        Assert.Equal(2, (await Grid.Send("3")).Stored);
        Assert.Equal(("0 1 2 3", "1 2 3"), (await Grid.Peek("ann"), await Grid.Peek("bob")));
    }

    [Fact, Trait("Rule", "G9")]
    public async Task What_was_begun_by_who_died_is_completed_though_nobody_sends_again()
    {
        await Grid.Join("ann bob");
        await Grid.BeginOnly("1");
        await Until(async () => (await Grid.Ledger.OpenSendsAsync(Room)).Count == 0);
        Assert.Equal(("1", "1"), (await Grid.Peek("ann"), await Grid.Peek("bob")));
    }

    [Fact, Trait("Rule", "G9")]
    public async Task A_mailbox_that_its_owner_lost_is_reached_all_the_same()
    {
        await Grid.Join("ann");
        await Grid.Deliver("ann", "0");
        foreach (var silo in new[] { Grid.One, Grid.Two })
            if (silo.GetRequiredService<PostgresStore>() is { } store && store.Owner == await Grid.OwnerOf("ann"))
                // A part that is reported twice fences its own engine off, and the store does not know.
                await LoseAsync(silo, await Grid.BeginOnly("1"));
        Assert.Equal(new(Outcome.Stored, 1, 1, 0), await Grid.Send("2"));
        Assert.Equal("0 1 2", await Grid.Peek("ann"));
    }

    [Fact, Trait("Rule", "G3")]
    public async Task A_member_whose_mailbox_was_made_again_at_another_silo_does_not_block_what_was_begun_before()
    {
        var (first, second) = (Grid.One.GetRequiredService<MailboxEngine>(), Grid.Two.GetRequiredService<MailboxEngine>());
        await Grid.Join("ann bob");
        await Grid.BeginOnly("1");
        foreach (var engine in new[] { first, second })
        {
            await engine.Owned.AcquireAsync(Names("ann"), TestContext.Current.CancellationToken);
            await engine.RemoveAsync(Names("ann")[0], TestContext.Current.CancellationToken);
            await engine.DeliverAsync(Names("ann")[0], MessageDraft.FromText("0"), TestContext.Current.CancellationToken);
        }
        Assert.Equal(new(Outcome.Stored, 1, 1, 0), await Grid.Send("2"));
        Assert.Equal("1 2", await Grid.Peek("bob"));
    }

    [Fact, Trait("Rule", "M15")]
    public async Task The_mailboxes_of_a_silo_that_is_gone_belong_to_nobody()
    {
        await Grid.Join("ann");
        var owner = SiloOwner.NameOf(Grid.One);
        await Grid.DisposeAsync();
        using var gone = PostgresStore.Open(_database with { Owner = owner }, TimeProvider.System);
        await gone.PrepareAsync(Names("ann"), TestContext.Current.CancellationToken);
        _grid = await StartAsync(_database);
        Assert.Equal(new(Outcome.Stored, 1, 1, 0), await Grid.Send("1"));
        Assert.DoesNotContain(owner, await gone.OwnersAsync(TestContext.Current.CancellationToken));
        Assert.Equal("1", await Grid.Peek("ann"));
    }

    [Fact, Trait("Rule", "G9")]
    public async Task Members_of_a_silo_that_was_killed_get_it_once()
    {
        var names = string.Join(' ', Enumerable.Range(0, 12).Select(static i => $"m{i}"));
        await Grid.Join(names);
        foreach (var name in Names(names)) await Grid.Deliver(name.ToString(), "0");
        await Grid.Send("1");
        await Grid.KillTwo();
        await Until(async () => (await Grid.Send("2", key: "k")).Outcome == Outcome.Stored);
        Assert.Equal(new(Outcome.Stored, 12, 12, 0), await Grid.Send("2", key: "k"));
        foreach (var name in Names(names)) Assert.Equal("0 1 2", await Grid.Peek(name.ToString()));
    }

    [Fact, Trait("Rule", "G3")]
    public async Task A_mailbox_tells_its_groups()
    {
        await Grid.Join("ann");
        Assert.Equal([Room], (await Grid.Mailboxes.GetAsync(MailboxName.Parse("ann"), TestContext.Current.CancellationToken))!.Groups);
        Assert.Equal(Outcome.Stored, await Grid.Mailboxes.RemoveGroupAsync(Room, TestContext.Current.CancellationToken));
        Assert.Empty((await Grid.Mailboxes.GetAsync(MailboxName.Parse("ann"), TestContext.Current.CancellationToken))!.Groups);
        Assert.Null(await Grid.Mailboxes.GetGroupAsync(Room, null, 10, TestContext.Current.CancellationToken));
    }

    async Task LoseAsync(IServiceProvider silo, OpenSend send)
    {
        var engine = silo.GetRequiredService<MailboxEngine>();
        var members = await Grid.Ledger.RemainingAsync(send.Id);
        await engine.Owned.SendPartAsync(send, members, takeUnowned: false);
        await engine.Owned.SendPartAsync(send, members, takeUnowned: false);
        Assert.False(await engine.Owned.HasAsync(MailboxName.Parse("ann")));
    }
}
