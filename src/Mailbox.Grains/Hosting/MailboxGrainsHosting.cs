using System.Diagnostics.Metrics;
using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace Mailbox.Grains;

/// <summary>Makes a silo of the grid: one that owns mailboxes, or a gateway that only holds connections.</summary>
public static class MailboxGrainsHosting
{
    /// <summary>
    /// A silo that owns mailboxes. An <see cref="IMailboxStore"/> is registered before, and <see cref="EngineOptions"/> where the defaults
    /// do not do.
    /// </summary>
    /// <param name="ownsAll">
    /// True where the store is this silo's alone: its engine is then the process's <see cref="IMailboxGrid"/>, and there must be no other
    /// silo of this kind. False where silos share the store, which needs an <see cref="IGroupLedger"/> and an <see cref="IOwnerRegistry"/>; the store's
    /// <see cref="IMailboxStore.Owner"/> is then <see cref="SiloOwner.NameOf"/>.
    /// </param>
    public static ISiloBuilder AddMailboxGrains(this ISiloBuilder silo, bool ownsAll)
    {
        silo.UseGridSettings();
        silo.AddGrainService<MailboxHub>();
        silo.Services.AddEngine(ownsAll);
        silo.Services.AddGateway();
        if (ownsAll) silo.Services.AddSingleton<IMailboxGrid>(static services => services.GetRequiredService<MailboxEngine>());
        else silo.Services.AddSingleton<IMailboxGrid, ClusterGrid>();
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

    static void AddEngine(this IServiceCollection services, bool ownsAll)
    {
        services.TryAddSingleton<EngineOptions>();
        services.AddSingleton(provider => Start(provider, ownsAll));
        services.AddSingleton<Outboxes>();
        services.AddSingleton<GridLife>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<GridLife>());
        if (ownsAll) services.TryAddSingleton<IGroupOffice, EngineOffice>();
        else services.AddLedger();
    }

    static void AddLedger(this IServiceCollection services)
    {
        services.AddSingleton<PartSending>();
        services.AddSingleton<IGroupOffice, LedgerOffice>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, OwnerWatch>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SendWatch>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, EventWatch>();
    }

    static MailboxEngine Start(IServiceProvider services, bool ownsAll)
    {
        var options = services.GetRequiredService<EngineOptions>();
        options.OwnsAll = ownsAll;
        return new(services.GetRequiredService<IMailboxStore>(), options, services.GetRequiredService<TimeProvider>(), services.GetService<IMeterFactory>());
    }

    static void AddGateway(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<GridServices>();
        services.TryAddSingleton<GridState>();
        services.AddSingleton<MailboxHubs>();
        services.AddSingleton<RemoteReaders>();
        services.AddSingleton<GatewayLink>();
        services.AddSingleton<Attaching>();
        services.AddSingleton<GridWatch>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<GridWatch>());
    }
}
