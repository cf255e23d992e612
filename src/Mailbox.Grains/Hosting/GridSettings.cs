using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Mailbox.Grains;

/// <summary>How the cluster's runtime is set, in one place; docs/cluster.md says why.</summary>
static class GridSettings
{
    const int MostWaitingRequests = 10_000;
    const int MostBodyBytes = 80 << 20;

    static readonly TimeSpan s_probe = TimeSpan.FromSeconds(1);

    public static ISiloBuilder UseGridSettings(this ISiloBuilder silo)
    {
        silo.AddDistributedGrainDirectory();
        silo.Services.TellFaults();
        // The lease keeps the mailboxes of a dead silo from being activated elsewhere for 30 s by default, so that a silo that is wrongly taken
        // for dead cannot act beside its successor. The store fences every write by owner, so there is nothing to wait for.
        silo.Configure<GrainDirectoryOptions>(static options => options.RangeLeaseDuration = TimeSpan.Zero);
        silo.Configure<ClusterMembershipOptions>(static options =>
        {
            // All three: by default a probe's timeout adapts between half and four times ProbeTimeout, and no silo is voted dead that sent a
            // message within MaxProbeTimeout x NumMissedProbesLimit, which would be 12 s.
            options.ProbeTimeout = options.MinProbeTimeout = options.MaxProbeTimeout = s_probe;
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
