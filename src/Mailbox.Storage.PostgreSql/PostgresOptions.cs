using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>How a store uses its PostgreSQL database.</summary>
public sealed partial record PostgresOptions
{
    /// <summary>As Npgsql takes it. Its time-outs and search path are replaced by what is said here.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The schema of all tables, made where it does not exist: 1 to 63 of <c>a-z 0-9 _</c>, not beginning with a digit.</summary>
    public string Schema
    {
        get;
        init => field = SchemaName().IsMatch(value) ? value
            : throw new ArgumentException("Schema must have 1 to 63 characters of a-z 0-9 _ and not begin with a digit.", nameof(Schema));
    } = "mailbox";

    /// <summary>Partitions that names are spread over, 1 to 4,096. It counts when the database is made, and stays.</summary>
    public int Partitions
    {
        get;
        init => field = value is >= 1 and <= 4096 ? value : throw new ArgumentException("Partitions must be 1 to 4096.", nameof(Partitions));
    } = 64;

    /// <summary>How long the database may take to accept a connection: 1 to 60 s.</summary>
    public TimeSpan ConnectTimeout
    {
        get;
        init => field = Checked(value, 60, nameof(ConnectTimeout));
    } = TimeSpan.FromSeconds(2);

    /// <summary>How long one exchange with the database may take, with the wait for what others have locked: 1 to 600 s.</summary>
    public TimeSpan CommandTimeout
    {
        get;
        init => field = Checked(value, 600, nameof(CommandTimeout));
    } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The database ends a transaction whose process does not go on for so long, so that one that hangs keeps nobody from its mailboxes:
    /// 1 to 60 s.
    /// </summary>
    public TimeSpan StalledTransactionTimeout
    {
        get;
        init => field = Checked(value, 60, nameof(StalledTransactionTimeout));
    } = TimeSpan.FromSeconds(5);

    /// <summary>Connections to the database, at most: 4 to 1000.</summary>
    public int MaxConnections
    {
        get;
        init => field = value is >= 4 and <= 1000 ? value
            : throw new ArgumentException("MaxConnections must be 4 to 1000.", nameof(MaxConnections));
    } = 16;

    /// <summary>Is told in words what an operator should know. Called on any thread.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>From so many bytes on, a container of bodies takes no more frames; at most 16 MiB.</summary>
    internal int ContainerBytes { get; init; } = 4 << 20;

    static TimeSpan Checked(TimeSpan value, int mostSeconds, string name) =>
        value >= TimeSpan.FromSeconds(1) && value <= TimeSpan.FromSeconds(mostSeconds) ? value
            : throw new ArgumentException($"{name} must be 1 to {mostSeconds} seconds.", name);

    [GeneratedRegex("^[a-z_][a-z0-9_]{0,62}$")]
    private static partial Regex SchemaName();
}

/// <summary>Registers the log in a database.</summary>
public static class PostgresServices
{
    /// <summary>The database is connected to when the log is asked for first.</summary>
    public static IServiceCollection AddPostgresLog(this IServiceCollection services, Func<IServiceProvider, PostgresOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => DatabaseLog.Open(options(provider), provider.GetRequiredService<TimeProvider>()));
        return services.AddSingleton<ILog>(static provider => provider.GetRequiredService<DatabaseLog>());
    }
}

/// <summary>What an error of the database means for a batch.</summary>
static class PostgresFault
{
    /// <summary>The database answered, goes on, and has rolled back what it was asked for. An end of the session is no answer.</summary>
    public static bool IsAnswer(NpgsqlException e) =>
        e is PostgresException { InvariantSeverity: "ERROR" } answer && !answer.SqlState.StartsWith("57P", StringComparison.Ordinal);

    /// <summary>Another attempt may do: nothing was written.</summary>
    public static bool IsPassing(NpgsqlException e) =>
        !IsAnswer(e) || e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    /// <summary>Asks the database; what it fails with is a <see cref="StoreException"/>.</summary>
    public static async Task<T> GuardAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (NpgsqlException e)
        {
            throw new StoreException($"The database cannot be reached: {e.Message}", e);
        }
    }

    public static StoreException ToStore(NpgsqlException e) => e.SqlState == PostgresErrorCodes.DiskFull
        ? new StoreFullException($"The database's disk is full: {e.Message}", e)
        : new StoreException($"The database failed, and nothing was stored: {e.Message}", e);
}
