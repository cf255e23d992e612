namespace Mailbox.Proof.Nodes;

/// <summary>The grids that can be started here, by name.</summary>
static class Topologies
{
    public static Func<Workshop, Topology> Of(string name) => name switch
    {
        "standalone" => workshop => new StandaloneTopology(workshop),
        "journal" => workshop => new JournalTopology(workshop),
        _ => workshop => new ClusterTopology(workshop),
    };

    /// <returns>Why it cannot be started here, or null.</returns>
    public static string? Missing(string name) => name switch
    {
        "standalone" => NotBuilt("Standalone"),
        "journal" => NotBuilt("Silo") ?? NotBuilt("Gateway"),
        "cluster" => Database.Missing ?? NotBuilt("Silo") ?? NotBuilt("Gateway"),
        _ => $"There is no topology '{name}': standalone, journal, cluster.",
    };

    static string? NotBuilt(string host) => File.Exists(Workshop.Host(host)) ? null : $"{Workshop.Host(host)} is not built.";
}
