using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>What is asked without owning anything. Safe from any thread.</summary>
/// <param name="readers">One for each who may read messages at the same time.</param>
sealed class Queries(NpgsqlDataSource source, PostgresOptions options, SemaphoreSlim readers)
{
    const string Read = """
        SELECT e.sequence, e.expires, e.topic, coalesce(e.at, b.at), coalesce(e.content_type, b.content_type), coalesce(e.type, b.type),
            coalesce(e.group_name, b.group_name), coalesce(e.body, b.body)
        FROM entries e LEFT JOIN bodies b ON b.id = e.body_id WHERE e.epoch = $1 AND e.sequence = ANY ($2)
        """;

    const string Due = """
        SELECT name FROM mailboxes WHERE NOT held AND deadline <= $1 AND (owner IS NULL OR owner = $2) ORDER BY deadline LIMIT $3
        """;

    public async Task ReadAsync(MailboxHandle mailbox, ReadOnlyMemory<long> sequences, Message?[] into, CancellationToken cancel)
    {
        Array.Clear(into, 0, sequences.Length);
        await readers.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await using var command = source.CreateCommand(Read);
            command.Parameters.Add(new() { Value = (long)mailbox.Epoch });
            command.Parameters.Add(new() { Value = sequences.ToArray() });
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
                into[sequences.Span.BinarySearch(reader.GetInt64(0))] = ReadMessage(reader);
        }
        catch (NpgsqlException e)
        {
            throw new StoreException($"A message cannot be read: {e.Message}", e);
        }
        finally
        {
            readers.Release();
        }
    }

    public IReadOnlyList<MailboxName> Names(string? after, int limit) =>
        List("SELECT name FROM mailboxes WHERE name > $1 ORDER BY name LIMIT $2", after ?? "", (long)limit);

    public IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit) =>
        List(Due, now.ToUnixTimeMilliseconds(), options.Owner, (long)limit);

    public IReadOnlyList<MailboxName> Members(GroupName group) =>
        List("SELECT mailbox FROM members WHERE group_name = $1 ORDER BY mailbox", group.ToString());

    public async Task<IReadOnlyList<GroupName>?> GroupsOfAsync(MailboxName mailbox, CancellationToken cancel)
    {
        await using var command = source.CreateCommand("SELECT group_name FROM members WHERE mailbox = $1 ORDER BY group_name");
        command.Parameters.Add(new() { Value = mailbox.ToString() });
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        var groups = new List<GroupName>();
        while (await reader.ReadAsync(cancel).ConfigureAwait(false)) groups.Add(GroupName.Parse(reader.GetString(0)));
        return groups;
    }

    /// <summary>Keys that belong to no mailbox.</summary>
    public List<KeyValuePair<KeyId, RememberedKey>> FreeKeys()
    {
        var keys = new List<KeyValuePair<KeyId, RememberedKey>>();
        using var command = source.CreateCommand($"{TakenMailboxes.KeyColumns} WHERE mailbox IS NULL");
        using var reader = command.ExecuteReader();
        while (reader.Read()) keys.Add(TakenMailboxes.ReadKey(reader));
        return keys;
    }

    static Message ReadMessage(NpgsqlDataReader row) => new()
    {
        Expires = new(row.GetInt64(1), TimeSpan.Zero),
        Topic = Text(row, 2),
        At = new(row.GetInt64(3), TimeSpan.Zero),
        ContentType = row.GetString(4),
        Type = Text(row, 5),
        Group = Text(row, 6) is { } group ? GroupName.Parse(group) : null,
        Body = row.GetFieldValue<byte[]>(7),
    };

    static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    List<MailboxName> List(string sql, params object[] values)
    {
        try
        {
            using var command = source.CreateCommand(sql);
            foreach (var value in values) command.Parameters.Add(new() { Value = value });
            using var reader = command.ExecuteReader();
            var names = new List<MailboxName>();
            while (reader.Read()) names.Add(MailboxName.Parse(reader.GetString(0)));
            return names;
        }
        catch (NpgsqlException e)
        {
            throw new StoreException($"The database cannot be read: {e.Message}", e);
        }
    }
}
