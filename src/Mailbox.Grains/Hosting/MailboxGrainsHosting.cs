using System.Diagnostics.Metrics;
using Mailbox.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace Mailbox.Grains;

/// <summary>Makes a silo of the grid: one that owns mailboxes, or a gateway that only holds connections.</summary>
public static class MailboxGrainsHosting
{
    /// <summary>
    /// A silo that owns mailboxes. A log is registered before, and <see cref="EngineOptions"/> where the defaults do not do. Where other silos share the log each
    /// owns a part of its partitions; else the engine is the process's <see cref="IMailboxGrid"/>, and there must be no other silo of this kind.
    /// </summary>
    /// <param name="isShared">Whether other silos share the log.</param>
    public static ISiloBuilder AddMailboxGrains(this ISiloBuilder silo, bool isShared)
    {
        silo.UseGridSettings();
        silo.AddGrainService<MailboxHub>();
        silo.Services.AddEngine(isShared);
        silo.Services.AddGateway();
        if (isShared) silo.Services.AddSingleton<IMailboxGrid, ClusterGrid>();
        else silo.Services.AddSingleton<IMailboxGrid>(static services => services.GetRequiredService<MailboxEngine>());
        return silo;
    }

    /// <summary>A silo that owns no mailboxes: it holds the connections of readers and passes on what backends deliver.</summary>
    public static ISiloBuilder AddMailboxGateway(this ISiloBuilder silo)
    {
        silo.UseGridSettings();
        silo.Configure<GrainTypeOptions>(static options => options.Classes.RemoveWhere(static type => type.Assembly == typeof(MailboxGrain).Assembly));
        silo.Services.AddGateway();
        silo.Services.AddSingleton<IMailboxGrid, ClusterGrid>();
        return silo;
    }

    static void AddEngine(this IServiceCollection services, bool isShared)
    {
        services.TryAddSingleton<EngineOptions>();
        services.TryAddSingleton(Start);
        services.AddSingleton<GatewaySessions>();
        services.AddSingleton<GridLife>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<GridLife>());
        services.AddSingleton<PartitionPeers>();
        if (!isShared) return;
        services.TryAddSingleton<PartitionOptions>();
        services.AddSingleton<PartitionOwnership>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider =>
        {
            provider.GetRequiredService<MailboxEngine>().Channels.Peers = provider.GetRequiredService<PartitionPeers>();
            return provider.GetRequiredService<PartitionOwnership>();
        });
    }

    /// <summary>A log that is this process's alone is read here, before anything asks for the engine.</summary>
    static MailboxEngine Start(IServiceProvider services) => MailboxEngine.StartAsync(
        services.GetRequiredService<Storage.ILog>(), services.GetRequiredService<EngineOptions>(), services.GetRequiredService<TimeProvider>(),
        services.GetService<IMeterFactory>()).GetAwaiter().GetResult();

    static void AddGateway(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PartitionMap>();
        services.AddPlacementDirector<PartitionPlacement, PartitionPlacementDirector>();
        services.TryAddSingleton<GridState>();
        services.AddSingleton<MailboxHubs>();
        services.AddSingleton<MailboxSilos>();
        services.AddSingleton<PartitionOwners>();
        services.AddSingleton<GridRequests>();
        services.AddSingleton<RemoteReaders>();
        services.AddSingleton<GatewayLink>();
        services.AddSingleton<GridWatch>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<GridWatch>());
    }
}

/// <summary>Tells waiting calls that the process is leaving, so that none of them holds it up.</summary>
sealed class GridLife : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    readonly CancellationTokenSource _stopping = new();

    public CancellationToken Stopping => _stopping.Token;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(GridLife), ServiceLifecycleStage.Last, static _ => Task.CompletedTask, _ => _stopping.CancelAsync());

    public void Dispose() => _stopping.Dispose();
}
