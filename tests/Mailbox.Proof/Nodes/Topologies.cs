namespace Mailbox.Proof.Nodes;

/// <summary>The grids that can be started, by name.</summary>
static class Topologies
{
    /// <exception cref="ArgumentException">There is no topology of that name.</exception>
    public static Func<Workshop, Topology> Of(string name) => name switch
    {
        "single" => workshop => new SingleTopology(workshop),
        "journal" => workshop => new JournalTopology(workshop),
        "cluster" => workshop => new ClusterTopology(workshop),
        _ => throw new ArgumentException($"There is no topology '{name}': single, journal, cluster."),
    };
}
