using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mailbox.Clustering;

/// <summary>The members of the cluster in PostgreSQL.</summary>
static class ClusterDatabase
{
    const string Provider = "Npgsql";
    const int ConnectSeconds = 2;
    const int CommandSeconds = 5;
    const int MostConnections = 4;

    public static void UseClusterDatabase(this ISiloBuilder silo, NodeOptions node)
    {
        var text = ConnectionString(node);
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(new MembershipTables(text, node.Schema));
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Provider, text));
    }

    // Every silo goes on without the database, so none waits for it for long.
    static string ConnectionString(NodeOptions node) => new NpgsqlConnectionStringBuilder(node.Database)
    {
        SearchPath = node.Schema,
        Timeout = ConnectSeconds,
        CommandTimeout = CommandSeconds,
        MaxPoolSize = MostConnections,
        ApplicationName = "mailbox members",
    }.ConnectionString;
}
