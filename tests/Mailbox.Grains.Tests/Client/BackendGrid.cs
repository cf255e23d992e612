using System.Text;
using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace Mailbox.Grains.Tests;

/// <summary>One silo that owns every mailbox, in memory, and a backend outside the cluster.</summary>
sealed class BackendGrid : IAsyncDisposable
{
    readonly InProcessTestCluster _cluster;

    BackendGrid(InProcessTestCluster cluster) => _cluster = cluster;

    public IServiceProvider Silo => _cluster.Silos[0].ServiceProvider;

    public IServiceProvider Backend => _cluster.Client.ServiceProvider;

    public MailboxGridClient Client => Backend.GetRequiredService<MailboxGridClient>();

    public MailboxEngine Engine => Silo.GetRequiredService<MailboxEngine>();

    /// <param name="losing">Answers that the backend is not to get.</param>
    /// <param name="ownsAll">False: the grid answers as one whose mailboxes are spread over silos.</param>
    public static async Task<BackendGrid> StartAsync(
        EngineOptions? engine = null, Action<MailboxGridOptions>? client = null, Func<IMailboxStore>? store = null, bool ownsAll = true,
        LostAnswers? losing = null)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.ConfigureLogging(static logging => logging.ClearProviders());
            silo.Services.AddSingleton(store?.Invoke() ?? new MemoryStore { Keeps = Durability.Disk }).AddSingleton(engine ?? new());
            if (losing is not null) silo.AddIncomingGrainCallFilter(losing);
            silo.AddMailboxGrains(ownsAll).UseMailboxGrid();
            if (!ownsAll) UseNoLedger(silo.Services);
        });
        builder.ConfigureClient(backend => backend.UseMailboxGrid(client));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster);
    }

    /// <summary>The silo goes, with what it had in memory, and comes again.</summary>
    public Task RestartAsync() => _cluster.RestartSiloAsync(_cluster.Silos[0]);

    /// <summary>There is one silo all the same, and its engine keeps the groups.</summary>
    static void UseNoLedger(IServiceCollection services)
    {
        Type[] unused = [typeof(OwnerWatch), typeof(SendWatch), typeof(EventWatch)];
        foreach (var service in services.Where(service => !service.IsKeyedService && unused.Contains(service.ImplementationType)).ToList())
            services.Remove(service);
        services.AddSingleton<IGroupOffice, EngineOffice>();
    }

    public ValueTask DisposeAsync() => _cluster.EndAsync();

    public static string TextOf(Received received) => Encoding.UTF8.GetString(received.Message!.Body.Span);
}
