using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using static Mailbox.Grains.Tests.Shared.SharedGrid;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>
/// A silo hangs with a change of members that it has not begun. The others declare it dead, the caller's next attempt is answered by another
/// silo, and then the first one goes on: it undoes nothing that was answered meanwhile (spec G3).
/// </summary>
public sealed class LateChangeTests(PostgresServer server)
{
    readonly PostgresOptions _database = server.NewSchema() with { Partitions = 8 };

    [Theory, Trait("Rule", "G3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_leave_that_arrives_late_does_not_undo_a_later_join(bool byBackend)
    {
        var late = new LateCall(nameof(IGroupGrain.ChangeMembers));
        await using var grid = await StartAsync(_database, late);
        await grid.Join("ann bob");

        late.Arm();
        await ChangeAsync(grid, byBackend, [], ["ann"]);
        await grid.Join("ann");
        await late.ArriveAsync(grid.Grains.GetGrain<IGroupGrain>(Room.ToString()));

        Assert.Equal("ann bob", await MembersAsync(grid));
        Assert.Equal(new(Outcome.Stored, 2, 2, 0), await grid.Send("1"));
    }

    [Theory, Trait("Rule", "G3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_join_that_arrives_late_does_not_undo_a_later_leave(bool byBackend)
    {
        var late = new LateCall(nameof(IGroupGrain.ChangeMembers));
        await using var grid = await StartAsync(_database, late);
        await grid.Join("bob");

        late.Arm();
        await ChangeAsync(grid, byBackend, ["ann"], []);
        await ChangeAsync(grid, byBackend, [], ["ann"]);
        await late.ArriveAsync(grid.Grains.GetGrain<IGroupGrain>(Room.ToString()));

        Assert.Equal("bob", await MembersAsync(grid));
        Assert.Equal(new(Outcome.Stored, 1, 1, 0), await grid.Send("1"));
    }

    [Theory, Trait("Rule", "G3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_removal_of_the_group_that_arrives_late_does_not_undo_a_later_join(bool byBackend)
    {
        var late = new LateCall(nameof(IGroupGrain.Remove));
        await using var grid = await StartAsync(_database, late);
        await grid.Join("ann");

        late.Arm();
        if (byBackend) Assert.True(await grid.Client.Group(Room.ToString()).DeleteAsync(TestContext.Current.CancellationToken));
        else Assert.Equal(Outcome.Stored, await grid.Mailboxes.RemoveGroupAsync(Room, TestContext.Current.CancellationToken));
        await grid.Join("bob");
        await late.ArriveAsync(grid.Grains.GetGrain<IGroupGrain>(Room.ToString()));

        Assert.Equal("bob", await MembersAsync(grid));
    }

    static async Task ChangeAsync(SharedGrid grid, bool byBackend, string[] add, string[] remove)
    {
        if (!byBackend)
        {
            var changed = await grid.Mailboxes.ChangeMembersAsync(
                Room, [.. add.Select(MailboxName.Parse)], [.. remove.Select(MailboxName.Parse)], TestContext.Current.CancellationToken);
            Assert.Equal(Outcome.Stored, changed.Outcome);
            return;
        }
        var group = grid.Client.Group(Room.ToString());
        if (add.Length > 0) await group.AddAsync(add, TestContext.Current.CancellationToken);
        if (remove.Length > 0) await group.RemoveAsync(remove, TestContext.Current.CancellationToken);
    }

    static async Task<string> MembersAsync(SharedGrid grid) =>
        string.Join(' ', (await grid.Mailboxes.GetGroupAsync(Room, null, 100, TestContext.Current.CancellationToken))!.Members);
}
