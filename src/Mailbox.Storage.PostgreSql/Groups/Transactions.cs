using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Asks and changes the database for callers that own nothing. What passes by itself is tried again. Safe from any thread.</summary>
sealed class Transactions(NpgsqlDataSource source)
{
    const int Attempts = 3;

    /// <summary>Without a transaction around it.</summary>
    public Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancel) => RetryAsync(
        async _ =>
        {
            await using var connection = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            return await ask(connection).ConfigureAwait(false);
        });

    /// <param name="change">May run again, when nothing of the time before was stored.</param>
    /// <exception cref="UncertainStoreException">The connection was lost while it committed.</exception>
    public Task<T> ChangeAsync<T>(Func<NpgsqlConnection, Task<T>> change, CancellationToken cancel) => RetryAsync(
        async attempt =>
        {
            await using var connection = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
            var answer = await change(connection).ConfigureAwait(false);
            attempt.Commits = true;
            await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            return answer;
        });

    static async Task<T> RetryAsync<T>(Func<Attempt, Task<T>> run)
    {
        for (var left = Attempts - 1; ; left--)
        {
            var attempt = new Attempt();
            try
            {
                return await run(attempt).ConfigureAwait(false);
            }
            catch (NpgsqlException e)
            {
                if (attempt.Commits && !PostgresFault.IsAnswer(e))
                    throw new UncertainStoreException($"The database was lost during a commit: {e.Message}", e);
                if (left == 0 || !IsPassing(e)) throw PostgresFault.ToStore(e);
            }
            catch (ObjectDisposedException e)
            {
                throw new StoreException("The store is closed.", e);
            }
        }
    }

    /// <summary>A mailbox that is joined may be removed at the same time.</summary>
    static bool IsPassing(NpgsqlException e) => PostgresFault.IsPassing(e) || e.SqlState == PostgresErrorCodes.ForeignKeyViolation;

    sealed class Attempt
    {
        public bool Commits { get; set; }
    }
}
