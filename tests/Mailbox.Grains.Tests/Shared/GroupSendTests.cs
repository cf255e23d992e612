using Mailbox.Engine;
using Mailbox.Engine.Tests;
using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using static Mailbox.Grains.Tests.Shared.SharedGrid;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>Sends to groups whose members' mailboxes are at several silos, or at none.</summary>
public sealed class GroupSendTests(PostgresServer server) : IAsyncLifetime
{
    readonly PostgresOptions _database = server.NewSchema() with { Partitions = 8 };
    SharedGrid? _grid;

    SharedGrid Grid => _grid!;

    public async ValueTask InitializeAsync() => _grid = await StartAsync(_database);

    public async ValueTask DisposeAsync()
    {
        if (_grid is not null) await _grid.DisposeAsync();
    }

    [Fact, Trait("Rule", "G4")]
    public async Task Members_get_it_wherever_their_partition_is()
    {
        var names = string.Join(' ', Enumerable.Range(0, 40).Select(static i => $"m{i}"));
        await Grid.Join(names + " away");
        foreach (var silo in new[] { Grid.One, Grid.Two }) Assert.InRange(Names(names).Count(name => Owns(silo, name.ToString())), 1, 39);

        Assert.Equal(new(Outcome.Stored, 40, 40, 0), await Grid.Send("1", except: "away"));

        foreach (var name in Names(names)) Assert.Equal("1", await Grid.Peek(name.ToString()));
        Assert.Equal("", await Grid.Peek("away"));
    }

    [Fact, Trait("Rule", "G5")]
    public async Task A_post_to_mailboxes_and_groups_is_in_each_mailbox_once()
    {
        var names = Names(string.Join(' ', Enumerable.Range(0, 20).Select(static i => $"m{i}")));
        var other = GroupName.Parse("other");
        await Grid.Join(string.Join(' ', names));
        await Grid.Mailboxes.ChangeMembersAsync(other, [.. names.Take(10), MailboxName.Parse("alone")], [], TestContext.Current.CancellationToken);

        var result = await Grid.Mailboxes.PostAsync(new(MessageDraft.FromText("1"), [.. names.Take(5)], [Room, other], []), TestContext.Current.CancellationToken);

        Assert.All(result.To, static one => Assert.Equal(Outcome.Stored, one.Outcome));
        Assert.Equal([new(Outcome.Stored, 20, 20, 0), new SendResult(Outcome.Stored, 11, 11, 0)], result.Groups);
        foreach (var name in names) Assert.Equal("1", await Grid.Peek(name.ToString()));
        Assert.Equal("1", await Grid.Peek("alone"));
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

    [Fact, Trait("Rule", "M3")]
    public async Task Lists_are_of_all_silos()
    {
        var names = Names(string.Join(' ', Enumerable.Range(0, 30).Select(static i => $"m{i:00}")));
        await Grid.Join(string.Join(' ', names));
        Assert.Equal(names.Take(20), await Grid.Mailboxes.ListAsync(null, 20, TestContext.Current.CancellationToken));
        Assert.Equal(names.Skip(20), await Grid.Mailboxes.ListAsync(names[19].ToString(), 20, TestContext.Current.CancellationToken));
        var page = (await Grid.Mailboxes.GetGroupAsync(Room, names[9].ToString(), 10, TestContext.Current.CancellationToken))!;
        Assert.Equal((30, names[19].ToString()), (page.Count, page.Next));
        Assert.Equal(names.Skip(10).Take(10), page.Members);
    }

    [Fact, Trait("Rule", "M5")]
    public async Task A_silo_that_leaves_in_order_hands_its_partitions_over()
    {
        var names = string.Join(' ', Enumerable.Range(0, 20).Select(static i => $"m{i}"));
        foreach (var name in Names(names)) await Grid.Deliver(name.ToString(), "0");
        await Grid.StopTwo();
        await Until(() => Task.FromResult(Grid.One.GetRequiredService<MailboxEngine>().Partitions.Owned.Count() == _database.Partitions));
        foreach (var name in Names(names))
        {
            await Grid.Deliver(name.ToString(), "1");
            Assert.Equal("0 1", await Grid.Peek(name.ToString()));
        }
    }
}
