using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Cleans up in the background: keys that have ended, bodies that no mailbox refers to any more, senders of groups that are gone.</summary>
sealed class Upkeep(NpgsqlDataSource source)
{
    const int BodiesAtOnce = 10_000;
    const string DropKeys = "DELETE FROM keys WHERE hash IN (SELECT hash FROM keys WHERE expires <= $1 LIMIT 10000 FOR UPDATE SKIP LOCKED)";

    // A body and what refers to it come in one transaction, so a body without is one that lost them.
    const string DropBodies = """
        WITH page AS (SELECT id FROM bodies WHERE id > $1 ORDER BY id LIMIT $2),
        gone AS (
            DELETE FROM bodies b USING page p
            WHERE b.id = p.id AND NOT EXISTS (SELECT FROM entries e WHERE e.body_id = b.id))
        SELECT coalesce(max(id), 0), count(*) FROM page
        """;

    // Who sends to it next takes it again.
    const string DropSenders = """
        DELETE FROM senders WHERE group_name IN (
            SELECT s.group_name FROM senders s
            WHERE NOT EXISTS (SELECT FROM members m WHERE m.group_name = s.group_name)
                AND NOT EXISTS (SELECT FROM sends o WHERE o.group_name = s.group_name)
            LIMIT 10000 FOR UPDATE SKIP LOCKED)
        """;

    long _body;

    public async Task RunAsync(DateTimeOffset now, CancellationToken cancel = default)
    {
        await using var keys = source.CreateCommand(DropKeys);
        keys.Parameters.Add(new() { Value = now.ToUnixTimeSeconds() });
        await keys.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        await using var senders = source.CreateCommand(DropSenders);
        await senders.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        await DropSomeBodiesAsync(cancel).ConfigureAwait(false);
    }

    public async Task<bool> IsReachableAsync()
    {
        try
        {
            await using var command = source.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync().ConfigureAwait(false);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    async Task DropSomeBodiesAsync(CancellationToken cancel)
    {
        await using var bodies = source.CreateCommand(DropBodies);
        bodies.Parameters.Add(new() { Value = _body });
        bodies.Parameters.Add(new() { Value = BodiesAtOnce });
        await using var reader = await bodies.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        await reader.ReadAsync(cancel).ConfigureAwait(false);
        _body = reader.GetInt64(1) == BodiesAtOnce ? reader.GetInt64(0) : 0;
    }
}
