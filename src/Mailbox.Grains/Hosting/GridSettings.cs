using Orleans.Configuration;

namespace Mailbox.Grains;

/// <summary>How the cluster's runtime is set, in one place; docs/cluster.md says why.</summary>
static class GridSettings
{
    const int MostWaitingRequests = 10_000;
    const int MostBodyBytes = 80 << 20;

    public static ISiloBuilder UseGridSettings(this ISiloBuilder silo)
    {
        silo.AddDistributedGrainDirectory();
        silo.Configure<ClusterMembershipOptions>(static options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 3;
            options.NumVotesForDeathDeclaration = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        });
        silo.Configure<GrainCollectionOptions>(static options => options.CollectionAge = TimeSpan.FromMinutes(5));
        silo.Configure<SiloMessagingOptions>(static options =>
        {
            options.MaxEnqueuedRequestsHardLimit = MostWaitingRequests;
            options.MaxMessageBodySize = MostBodyBytes;
        });
        return silo;
    }
}
