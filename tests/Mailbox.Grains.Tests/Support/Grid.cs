using System.Text;
using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.TestingHost;

namespace Mailbox.Grains.Tests;

/// <summary>A grid in this process: one silo that owns every mailbox, and one that is a gateway and owns none.</summary>
sealed class Grid : IAsyncDisposable
{
    const int MostCached = 1000;

    readonly InProcessTestCluster _cluster;

    Grid(InProcessTestCluster cluster) => _cluster = cluster;

    public IServiceProvider Silo => _cluster.Silos[0].ServiceProvider;

    public IServiceProvider GatewaySilo => _cluster.Silos[1].ServiceProvider;

    public MailboxEngine Engine => Silo.GetRequiredService<MailboxEngine>();

    /// <summary>As the gateway sees it.</summary>
    public IMailboxGrid Mailboxes => GatewaySilo.GetRequiredService<IMailboxGrid>();

    /// <summary>Whether nothing is on its way between the silos.</summary>
    public bool IsQuiet => GatewaySilo.GetRequiredService<RemoteReaders>().IsQuiet && GatewaySilo.GetRequiredService<GridRequests>().IsQuiet
        && Silo.GetRequiredService<GatewaySessions>().IsQuiet;

    /// <summary>With mailboxes in memory.</summary>
    /// <param name="filter">Of the calls to the silo.</param>
    public static Task<Grid> StartAsync(IIncomingGrainCallFilter? filter = null) =>
        StartAsync(MailboxEngine.StartAsync(new MemoryLog { Keeps = Durability.Disk }, new(), TimeProvider.System).GetAwaiter().GetResult(), filter);

    public static MailboxName Name(string name) => MailboxName.Parse(name);

    public static MessageDraft Draft(string body) => new() { Body = Encoding.UTF8.GetBytes(body) };

    public async Task DeliverAsync(string mailbox, string body) =>
        Assert.Equal(Outcome.Stored, (await Mailboxes.DeliverAsync(Name(mailbox), Draft(body))).Outcome);

    /// <param name="engine">The owner of every mailbox.</param>
    /// <param name="filter">Of the calls to the silo.</param>
    public static async Task<Grid> StartAsync(MailboxEngine engine, IIncomingGrainCallFilter? filter = null)
    {
        var builder = new InProcessTestClusterBuilder(2);
        (builder.Options.InitializeClientOnDeploy, builder.Options.ConfigureFileLogging) = (false, false);
        builder.ConfigureSilo((options, silo) =>
        {
            silo.ConfigureLogging(logging => logging.ClearProviders());
            // Its tables are made for as many as may be in them: 18 MB for each silo otherwise.
            silo.Configure<GrainDirectoryOptions>(static options => options.CacheSize = MostCached);
            if (options.SiloName.EndsWith('0')) AddOwner(silo, engine, filter);
            else silo.AddMailboxGateway();
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        var grid = new Grid(cluster);
        var state = grid.GatewaySilo.GetRequiredService<GridState>();
        await Wait.UntilAsync(() => state.HasSilo);
        return grid;
    }

    static void AddOwner(ISiloBuilder silo, MailboxEngine engine, IIncomingGrainCallFilter? filter)
    {
        // A silo would dispose of an engine that it had made.
        silo.Services.AddSingleton(engine);
        silo.AddMailboxGrains(isShared: false);
        if (filter is not null) silo.AddIncomingGrainCallFilter(filter);
    }

    public ValueTask DisposeAsync() => _cluster.EndAsync();
}
