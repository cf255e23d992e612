using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Who has which mailboxes, beyond single ones, and what time it was.</summary>
sealed class Ownership(NpgsqlDataSource source, PostgresOptions options)
{
    public const string NoteSeen = """
        INSERT INTO owners VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET seen = greatest(owners.seen, excluded.seen)
        """;

    const int AtOnce = 5000;

    const string Find = """
        SELECT name FROM mailboxes WHERE owner IS NOT NULL AND owner <> ALL ($1) ORDER BY name LIMIT $2 FOR NO KEY UPDATE
        """;

    const string Forget = """
        UPDATE mailboxes SET owner = NULL, fence = nextval('fences'), held = false,
            deadline = CASE WHEN held THEN greatest(deadline, $2 + idle / 10000) ELSE deadline END
        WHERE name = ANY ($1)
        """;

    const string Release = """
        UPDATE mailboxes SET owner = NULL
        WHERE name IN (SELECT name FROM mailboxes WHERE owner = $1 ORDER BY name FOR NO KEY UPDATE)
        """;

    /// <summary>The latest time that any owner has seen, in ticks.</summary>
    public long LatestSeen()
    {
        using var command = source.CreateCommand("SELECT coalesce(max(seen), 0) FROM owners");
        return (long)command.ExecuteScalar()!;
    }

    public async Task ForgetOthersAsync(IReadOnlyCollection<string> alive, DateTimeOffset now, CancellationToken cancel)
    {
        var kept = alive.Append(options.Owner).ToArray();
        while (await ForgetSomeAsync(kept, now, cancel).ConfigureAwait(false) == AtOnce) { }
    }

    public void ReleaseAll(long seen)
    {
        using var connection = source.OpenConnection();
        using var batch = connection.CreateBatch();
        batch.Add(NoteSeen, options.Owner, seen);
        batch.Add(Release, options.Owner);
        batch.ExecuteNonQuery();
    }

    async Task<int> ForgetSomeAsync(string[] kept, DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        var names = new List<string>();
        await using (var find = new NpgsqlCommand(Find, connection) { Parameters = { new() { Value = kept }, new() { Value = AtOnce } } })
        await using (var reader = await find.ExecuteReaderAsync(cancel).ConfigureAwait(false))
            while (await reader.ReadAsync(cancel).ConfigureAwait(false)) names.Add(reader.GetString(0));
        await using (var forget = new NpgsqlCommand(Forget, connection)
        { Parameters = { new() { Value = names }, new() { Value = now.ToUnixTimeMilliseconds() } } })
            await forget.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return names.Count;
    }
}
