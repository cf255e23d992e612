using System.Text;
using Mailbox.Engine;
using Mailbox.Storage.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>A grid in this process: silos that share a database, each with mailboxes of its own.</summary>
sealed class SharedGrid : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly InProcessTestCluster _cluster;

    SharedGrid(InProcessTestCluster cluster) => _cluster = cluster;

    public static GroupName Room { get; } = GroupName.Parse("room");

    public IServiceProvider One => _cluster.Silos[0].ServiceProvider;

    public IServiceProvider Two => _cluster.Silos[1].ServiceProvider;

    public IMailboxGrid Mailboxes => One.GetRequiredService<IMailboxGrid>();

    /// <summary>As a backend of its own has it.</summary>
    public MailboxGridClient Client => One.GetRequiredService<MailboxGridClient>();

    public IGrainFactory Grains => One.GetRequiredService<IGrainFactory>();

    /// <param name="filter">Of the calls that come to every silo.</param>
    public static async Task<SharedGrid> StartAsync(PostgresOptions database, IIncomingGrainCallFilter? filter = null)
    {
        var builder = new InProcessTestClusterBuilder(2);
        (builder.Options.InitializeClientOnDeploy, builder.Options.ConfigureFileLogging) = (false, false);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.ConfigureLogging(static logging => logging.ClearProviders());
            silo.Services.AddPostgresLog(_ => database).AddSingleton(new PartitionOptions { StableFor = TimeSpan.FromMilliseconds(200) });
            if (filter is not null) silo.AddIncomingGrainCallFilter(filter);
            silo.AddMailboxGrains(isShared: true).UseMailboxGrid();
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        var grid = new SharedGrid(cluster);
        // The first took all of them; the second gets its share.
        await Until(() => Task.FromResult(grid.Engines.All(engine => engine.Partitions.Owned.Count() == database.Partitions / 2)));
        return grid;
    }

    public IEnumerable<MailboxEngine> Engines => _cluster.Silos.Select(static silo => silo.ServiceProvider.GetRequiredService<MailboxEngine>());

    public static MailboxName[] Names(string names) => [.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(MailboxName.Parse)];

    public async Task Join(string members) => Assert.Equal(Outcome.Stored, (await Mailboxes.ChangeMembersAsync(Room, Names(members), [])).Outcome);

    public ValueTask<SendResult> Send(string text, string? key = null, string except = "") =>
        Mailboxes.SendAsync(Room, MessageDraft.FromText(text) with { IdempotencyKey = key }, Names(except));

    /// <summary>Whether this silo owns the mailbox's partition.</summary>
    public static bool Owns(IServiceProvider silo, string mailbox) => silo.GetRequiredService<MailboxEngine>().Partitions.Find(MailboxName.Parse(mailbox)) is not null;

    public async Task Deliver(string mailbox, string text) =>
        Assert.Equal(Outcome.Stored, (await Mailboxes.DeliverAsync(MailboxName.Parse(mailbox), MessageDraft.FromText(text))).Outcome);

    public async Task<string> Peek(string mailbox)
    {
        var request = new ReadRequest(new() { From = StartFrom.Oldest, WindowMessages = 1000 }, TimeSpan.Zero);
        var answer = new ReadAnswer(OpenOutcome.Unavailable);
        // One that has just lost its mailbox asks to be called again.
        await Until(async () =>
        {
            answer = await Grains.GetGrain<IMailboxGrain>(mailbox).Read(request, CancellationToken.None);
            return answer.Outcome == OpenOutcome.Opened;
        });
        return string.Join(' ', answer.Items.Select(static item => item.Message is { } message ? Encoding.UTF8.GetString(message.Body.Span) : "gap"));
    }

    public Task StopTwo() => _cluster.StopSiloAsync(_cluster.Silos[1]);

    public Task KillTwo() => _cluster.KillSiloAsync(_cluster.Silos[1]);

    public static async Task Until(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    public ValueTask DisposeAsync() => _cluster.EndAsync();
}
