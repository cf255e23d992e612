using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Who has which mailboxes, beyond single ones, and what time it was.</summary>
sealed class Ownership(NpgsqlDataSource source, PostgresOptions options)
{
    public const string NoteSeen = """
        INSERT INTO owners VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET seen = greatest(owners.seen, excluded.seen)
        """;

    const int AtOnce = 5000;

    // One look at the index for each owner, however many mailboxes it has.
    const string Owners = """
        WITH RECURSIVE found AS (
            (SELECT owner FROM mailboxes WHERE owner IS NOT NULL ORDER BY owner LIMIT 1)
            UNION ALL
            SELECT (SELECT m.owner FROM mailboxes m WHERE m.owner > f.owner ORDER BY m.owner LIMIT 1) FROM found f WHERE f.owner IS NOT NULL)
        SELECT owner FROM found WHERE owner IS NOT NULL
        """;

    const string Find = "SELECT name FROM mailboxes WHERE owner = ANY ($1) ORDER BY name LIMIT $2 FOR NO KEY UPDATE";

    // One that is stored as held and that nobody owns would never be due.
    const string Disown = """
        owner = NULL, held = false, deadline = CASE WHEN held THEN greatest(deadline, $2 + idle / 10000) ELSE deadline END
        """;

    const string Forget = $"UPDATE mailboxes SET {Disown}, fence = nextval('fences') WHERE name = ANY ($1)";

    const string Release = $"""
        UPDATE mailboxes SET {Disown}
        WHERE name IN (SELECT name FROM mailboxes WHERE owner = $1 ORDER BY name FOR NO KEY UPDATE)
        """;

    /// <summary>The latest time that any owner has seen, in ticks.</summary>
    public long LatestSeen()
    {
        using var command = source.CreateCommand("SELECT coalesce(max(seen), 0) FROM owners");
        return (long)command.ExecuteScalar()!;
    }

    public async Task<IReadOnlyList<string>> OwnersAsync(CancellationToken cancel)
    {
        await using var command = source.CreateCommand(Owners);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        var owners = new List<string>();
        while (await reader.ReadAsync(cancel).ConfigureAwait(false)) owners.Add(reader.GetString(0));
        return owners;
    }

    public async Task ForgetAsync(IReadOnlyCollection<string> dead, DateTimeOffset now, CancellationToken cancel)
    {
        var owners = dead.ToArray();
        while (await ForgetSomeAsync(owners, now, cancel).ConfigureAwait(false) == AtOnce) { }
    }

    public void ReleaseAll(DateTimeOffset now)
    {
        using var connection = source.OpenConnection();
        using var batch = connection.CreateBatch();
        batch.Add(NoteSeen, options.Owner, now.UtcTicks);
        batch.Add(Release, options.Owner, now.ToUnixTimeMilliseconds());
        batch.ExecuteNonQuery();
    }

    async Task<int> ForgetSomeAsync(string[] owners, DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        var names = new List<string>();
        await using (var find = new NpgsqlCommand(Find, connection) { Parameters = { new() { Value = owners }, new() { Value = AtOnce } } })
        await using (var reader = await find.ExecuteReaderAsync(cancel).ConfigureAwait(false))
            while (await reader.ReadAsync(cancel).ConfigureAwait(false)) names.Add(reader.GetString(0));
        await using (var forget = new NpgsqlCommand(Forget, connection)
        { Parameters = { new() { Value = names }, new() { Value = now.ToUnixTimeMilliseconds() } } })
            await forget.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return names.Count;
    }
}
