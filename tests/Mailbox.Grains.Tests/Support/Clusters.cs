using Orleans.TestingHost;

namespace Mailbox.Grains.Tests;

static class Clusters
{
    /// <summary>Stops everything and leaves nothing of it in the process.</summary>
    public static async ValueTask EndAsync(this InProcessTestCluster cluster)
    {
        // One that is only disposed of stays among the process's handlers of faults, with its silos, and each start is slower than the one before.
        await cluster.StopAllSilosAsync();
        await cluster.DisposeAsync();
    }
}
