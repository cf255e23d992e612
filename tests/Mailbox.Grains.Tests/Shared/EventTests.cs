using Mailbox.Engine;
using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using static Mailbox.Grains.Tests.Shared.SharedGrid;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>Subscribers of a grid whose mailboxes are spread over silos (spec M16).</summary>
public sealed class EventTests(PostgresServer server) : IAsyncLifetime
{
    static readonly MailboxName s_subscriber = MailboxEvents.SubscriberNamed("billing");

    readonly PostgresOptions _database = server.NewSchema() with { Partitions = 8 };
    SharedGrid? _grid;

    SharedGrid Grid => _grid!;

    public async ValueTask InitializeAsync()
    {
        _grid = await StartAsync(_database);
        await Grid.Mailboxes.ChangeMembersAsync(MailboxEvents.Group, [s_subscriber], []);
    }

    public async ValueTask DisposeAsync()
    {
        if (_grid is not null) await _grid.DisposeAsync();
    }

    [Fact, Trait("Rule", "M16")]
    public async Task A_subscriber_is_told_what_happens_at_any_silo_in_order_for_each_mailbox()
    {
        var names = Enumerable.Range(0, 20).Select(static i => $"m{i:00}").ToArray();
        foreach (var name in names) await Grid.Deliver(name, "1");
        foreach (var silo in new[] { Grid.One, Grid.Two }) Assert.Contains(names, name => Owns(silo, name));
        foreach (var name in names) await Grid.Mailboxes.RemoveAsync(MailboxName.Parse(name), TestContext.Current.CancellationToken);

        var told = await Told(2 * names.Length);

        Assert.Equal(
            names.Select(static name => $"{name}:Opened,Deleted"),
            told.GroupBy(static e => e.Mailbox, static e => e.Kind).Select(static of => $"{of.Key}:{string.Join(',', of)}").Order());
    }

    async Task<IReadOnlyList<MailboxEvent>> Told(int count)
    {
        var told = new List<MailboxEvent>();
        await Until(async () =>
        {
            told.Clear();
            var request = new ReadRequest(new() { From = StartFrom.Oldest, WindowMessages = 1000 }, TimeSpan.Zero);
            var answer = await Grid.Grains.GetGrain<IMailboxGrain>(s_subscriber.ToString()).Read(request, CancellationToken.None);
            foreach (var item in answer.Items) told.AddRange(MailboxEvents.Read(item.Message!.Body));
            return told.Count >= count;
        });
        return told;
    }
}
