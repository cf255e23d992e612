using Mailbox.Storage;
using Mailbox.Storage.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Configuration;

namespace Mailbox.Clustering;

/// <summary>What a cluster keeps in PostgreSQL: its mailboxes and its members.</summary>
public static class ClusterDatabase
{
    const string Provider = "Npgsql";
    const int ConnectSeconds = 2;
    const int CommandSeconds = 5;
    const int MostConnections = 4;

    // One that died with all the others is not waited for longer than three times this when they start again.
    static readonly TimeSpan s_signsOfLife = TimeSpan.FromSeconds(5);

    /// <summary>The log of this silo's partitions, and of those of others, is in the cluster's database.</summary>
    public static IServiceCollection AddDatabase(this IServiceCollection services, NodeOptions node) =>
        services.AddPostgresLog(provider =>
        {
            Await(node, provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
            return new() { ConnectionString = node.Database, Schema = node.Schema, Notice = Console.Error.WriteLine };
        });

    internal static void UseClusterDatabase(this ISiloBuilder silo, NodeOptions node)
    {
        var database = NpgsqlDataSource.Create(ConnectionString(node));
        // Made by the container, so that it closes the connections with the host.
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(_ => new MembershipTables(database, node.Schema, NewStart()));
        silo.Configure<ClusterMembershipOptions>(static options => options.IAmAliveTablePublishTimeout = s_signsOfLife);
        silo.UseAdoNetClustering(options => (options.Invariant, options.DataSource) = (Provider, database));
    }

    // The store is opened while the host is put together, on the thread that starts it.
    static void Await(NodeOptions node, CancellationToken cancel)
    {
        using var database = NpgsqlDataSource.Create(ConnectionString(node));
        NewStart().AwaitAsync(database, cancel).GetAwaiter().GetResult();
    }

    internal static DatabaseStart NewStart() => new(TimeProvider.System, Console.Error.WriteLine);

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

/// <summary>
/// Waits, when a process starts, for a database that does not answer yet: it may be starting itself or failing over. What a database answers is none of
/// its business: whoever asks next says what is wrong.
/// </summary>
/// <param name="notice">Told once that it waits.</param>
sealed class DatabaseStart(TimeProvider time, Action<string> notice)
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    static string Patience => $"{s_patience.TotalSeconds} s";

    /// <exception cref="StoreException">It has not answered for so long.</exception>
    public Task AwaitAsync(NpgsqlDataSource database, CancellationToken cancel) => AwaitAsync(
        async stop =>
        {
            await using var connection = await database.OpenConnectionAsync(stop).ConfigureAwait(false);
        },
        cancel);

    /// <param name="connect">Fails where the database does not answer.</param>
    internal async Task AwaitAsync(Func<CancellationToken, Task> connect, CancellationToken cancel)
    {
        var since = time.GetTimestamp();
        for (var isTold = false; await FaultOfAsync(connect, cancel).ConfigureAwait(false) is { } fault; isTold = true)
        {
            if (time.GetElapsedTime(since) >= s_patience) throw new StoreException($"The cluster's database has not answered for {Patience}: {fault.Message}", fault);
            if (!isTold) notice($"The cluster's database does not answer, and is tried for {Patience}: {fault.Message}");
            await Task.Delay(s_pause, time, cancel).ConfigureAwait(false);
        }
    }

    static async Task<NpgsqlException?> FaultOfAsync(Func<CancellationToken, Task> connect, CancellationToken cancel)
    {
        try
        {
            await connect(cancel).ConfigureAwait(false);
            return null;
        }
        catch (NpgsqlException fault)
        {
            return fault.IsTransient ? fault : null;
        }
    }
}
