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

    const int Partitions = 8;

    BackendGrid(InProcessTestCluster cluster) => _cluster = cluster;

    public IServiceProvider Silo => _cluster.Silos[0].ServiceProvider;

    public IServiceProvider Backend => _cluster.Client.ServiceProvider;

    public MailboxGridClient Client => Backend.GetRequiredService<MailboxGridClient>();

    public MailboxEngine Engine => Silo.GetRequiredService<MailboxEngine>();

    /// <param name="losing">Answers that the backend is not to get.</param>
    /// <param name="ownsAll">False: the grid answers as one whose mailboxes are spread over silos.</param>
    public static async Task<BackendGrid> StartAsync(
        EngineOptions? engine = null, Action<MailboxGridOptions>? client = null, Func<ILog>? log = null, bool ownsAll = true,
        LostAnswers? losing = null)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.ConfigureLogging(static logging => logging.ClearProviders());
            silo.Services.AddSingleton(log?.Invoke() ?? (ownsAll ? new MemoryLog { Keeps = Durability.Disk } : new MemoryLog(new(Partitions)) { Keeps = Durability.Disk })).AddSingleton(engine ?? new());
            if (losing is not null) silo.AddIncomingGrainCallFilter(losing);
            silo.AddMailboxGrains(isShared: !ownsAll).UseMailboxGrid();
        });
        builder.ConfigureClient(backend => backend.UseMailboxGrid(client));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster);
    }

    /// <summary>The silo goes, with what it had in memory, and comes again.</summary>
    public Task RestartAsync() => _cluster.RestartSiloAsync(_cluster.Silos[0]);

    public ValueTask DisposeAsync() => _cluster.EndAsync();

    public static string TextOf(Received received) => Encoding.UTF8.GetString(received.Message!.Body.Span);
}
