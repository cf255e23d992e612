using Mailbox.Storage;
using Npgsql;

namespace Mailbox.Clustering;

/// <summary>
/// Makes the tables of the members in the cluster's database, and the queries that Orleans asks. Any number of processes may do it at
/// once, whatever is there already.
/// </summary>
/// <param name="database">Of the members alone; disposed of with this.</param>
/// <param name="schema">Of the tables.</param>
/// <param name="start">Waits until the database answers.</param>
sealed class MembershipTables(NpgsqlDataSource database, string schema, DatabaseStart start) : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable, IDisposable
{
    const string Tables = "membership/tables.sql";
    const string QueryFolder = "membership/queries/";
    const string Ending = ".sql";

    /// <summary>Before anything of the silo looks for its cluster.</summary>
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(MembershipTables), ServiceLifecycleStage.First, StartAsync);

    async Task StartAsync(CancellationToken cancel)
    {
        await start.AwaitAsync(database, cancel).ConfigureAwait(false);
        await MakeAsync(cancel).ConfigureAwait(false);
    }

    /// <exception cref="StoreException">The database cannot be reached, or does not allow it.</exception>
    public async Task MakeAsync(CancellationToken cancel)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancel).ConfigureAwait(false);
            await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
            foreach (var command in Commands()) await ExecuteAsync(connection, command, cancel).ConfigureAwait(false);
            await transaction.CommitAsync(cancel).ConfigureAwait(false);
        }
        catch (NpgsqlException fault)
        {
            throw new StoreException($"The cluster's database cannot be used: {fault.Message}", fault);
        }
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    public void Dispose() => database.Dispose();

    static async Task ExecuteAsync(NpgsqlConnection connection, NpgsqlCommand command, CancellationToken cancel)
    {
        await using (command.ConfigureAwait(false))
        {
            command.Connection = connection;
            await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        }
    }

    // The same lock as that of the mailboxes' tables: both make the schema.
    IEnumerable<NpgsqlCommand> Commands() =>
    [
        new($"SELECT pg_advisory_xact_lock(hashtextextended('mailbox schema {schema}', 0))"),
        new($"SET LOCAL client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS {schema}"),
        new(TextOf(Tables)),
        .. Queries().Select(static query => Query(query.Key, query.Text)),
    ];

    static NpgsqlCommand Query(string key, string text) =>
        new("INSERT INTO OrleansQuery VALUES ($1, $2) ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText")
        {
            Parameters = { new() { Value = key }, new() { Value = text } },
        };

    /// <summary>A file is named after its query.</summary>
    static IEnumerable<(string Key, string Text)> Queries() =>
        from resource in typeof(MembershipTables).Assembly.GetManifestResourceNames()
        where resource.StartsWith(QueryFolder, StringComparison.Ordinal)
        select (resource[QueryFolder.Length..^Ending.Length], TextOf(resource));

    static string TextOf(string resource)
    {
        using var stream = typeof(MembershipTables).Assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
