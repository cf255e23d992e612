using Npgsql;

namespace Mailbox.Storage.PostgreSql;

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
