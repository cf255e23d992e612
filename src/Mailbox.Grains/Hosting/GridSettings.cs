using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Mailbox.Grains;

/// <summary>How the cluster's runtime is set, in one place; docs/cluster.md says why.</summary>
static class GridSettings
{
    const int MostWaitingRequests = 10_000;
    const int MostBodyBytes = 80 << 20;

    public static ISiloBuilder UseGridSettings(this ISiloBuilder silo)
    {
        silo.AddDistributedGrainDirectory();
        silo.Services.TellFaults();
        silo.Configure<ClusterMembershipOptions>(static options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 3;
            options.NumVotesForDeathDeclaration = 2;
            // Who asks another to probe gives both the same time, and so never hears that a silo hangs; two votes guard against a bad link.
            options.EnableIndirectProbes = false;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        });
        silo.Configure<GrainCollectionOptions>(static options => options.CollectionAge = TimeSpan.FromMinutes(5));
        silo.Configure<SiloMessagingOptions>(static options =>
        {
            options.MaxEnqueuedRequestsHardLimit = MostWaitingRequests;
            options.MaxMessageBodySize = MostBodyBytes;
            // A part of the directory is asked of the silo that had it even when that is dead, and all mailboxes in it wait for the answer.
            options.SystemResponseTimeout = TimeSpan.FromSeconds(3);
        });
        return silo;
    }

    /// <summary>A fault that cannot be written reaches nobody: who asked waits until the time of the call is over.</summary>
    public static void TellFaults(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(static faults => faults.SupportedNamespacePrefixes.Add(nameof(Mailbox)));
}
