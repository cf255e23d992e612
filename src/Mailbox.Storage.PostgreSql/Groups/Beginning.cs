using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Begins a send: in one transaction it gets its place in the group's order and its members (spec G5, G9).</summary>
sealed class Beginning(KeyBound keys)
{
    public const string LockSender = "SELECT fence FROM senders WHERE group_name = $1 AND fence = $2 FOR UPDATE";

    const string FindKey = "SELECT digest, first, second, third FROM keys WHERE hash = $1 AND expires > $2";

    const string Members = """
        SELECT m.mailbox, m.epoch, b.owner FROM members m JOIN mailboxes b ON b.name = m.mailbox AND b.epoch = m.epoch
        WHERE m.group_name = $1 AND (b.held OR b.deadline > $2) ORDER BY m.mailbox
        """;

    const string MembersOf = "SELECT mailbox FROM members WHERE group_name = ANY ($1)";

    const string Insert = """
        INSERT INTO sends (group_name, at, expires, content_type, type, topic, body, key, digest, key_expires, idle, reached, mailboxes, epochs)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id
        """;

    public async Task<BegunSend> BeginAsync(NpgsqlConnection connection, GroupName group, long fence, SendIntent intent, CancellationToken cancel)
    {
        var (answer, members) = await LookAsync(connection, group, fence, intent, cancel).ConfigureAwait(false);
        if (answer is { } known) return new(null, known, []);
        if (members.Count == 0) return new(null, default, []);
        if (intent.Key is not null && !keys.HasRoom(intent.Message.At)) return new(null, new(Outcome.TooManyKeys), []);
        var remaining = members.Where(static member => !member.IsReached).Select(static member => member.Member).ToArray();
        var id = await InsertAsync(connection, group, intent, remaining, members.Count - remaining.Length).ConfigureAwait(false);
        return new(new(id, intent.Message, intent.Idle), default, remaining);
    }

    static async Task<(SendResult? Known, List<(SendMember Member, bool IsReached)> Members)> LookAsync(
        NpgsqlConnection connection, GroupName group, long fence, SendIntent intent, CancellationToken cancel)
    {
        var at = intent.Message.At;
        await using var batch = connection.CreateBatch();
        batch.Add(LockSender, group.ToString(), fence);
        batch.Add(FindKey, intent.Key is { } key ? KeyRows.ToGuid(key.Key) : Guid.Empty, at.ToUnixTimeSeconds());
        batch.Add(MembersOf, (object)intent.ReachedGroups.Select(static other => other.ToString()).ToArray());
        batch.Add(Members, group.ToString(), at.ToUnixTimeMilliseconds());
        if (intent.Telling.Count > 0) batch.Add(Telling.Take, (object)intent.Telling.ToArray());
        await using var reader = await batch.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        if (!await reader.ReadAsync(cancel).ConfigureAwait(false)) throw new FencedException($"Another process sends to the group {group}.");
        await reader.NextResultAsync(cancel).ConfigureAwait(false);
        if (await reader.ReadAsync(cancel).ConfigureAwait(false)) return (ReadAnswer(reader, intent), []);
        await reader.NextResultAsync(cancel).ConfigureAwait(false);
        return (null, await ReadMembersAsync(reader, intent, cancel).ConfigureAwait(false));
    }

    static SendResult ReadAnswer(NpgsqlDataReader row, SendIntent intent) => (ulong)row.GetInt64(0) == intent.Key!.Value.Digest
        ? new(Outcome.Stored, (int)row.GetInt64(1), (int)row.GetInt64(2), row.GetInt32(3))
        : new(Outcome.KeyReused);

    static async Task<List<(SendMember Member, bool IsReached)>> ReadMembersAsync(NpgsqlDataReader reader, SendIntent intent, CancellationToken cancel)
    {
        var except = intent.Except.Select(static name => name.ToString()).ToHashSet();
        var reached = intent.Reached.Select(static name => name.ToString()).ToHashSet();
        while (await reader.ReadAsync(cancel).ConfigureAwait(false)) reached.Add(reader.GetString(0));
        await reader.NextResultAsync(cancel).ConfigureAwait(false);
        var members = new List<(SendMember, bool)>();
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            var name = reader.GetString(0);
            if (except.Contains(name)) continue;
            var owner = reader.IsDBNull(2) ? null : reader.GetString(2);
            members.Add((new(MailboxName.Parse(name), (ulong)reader.GetInt64(1), owner), reached.Contains(name)));
        }
        return members;
    }

    static async Task<long> InsertAsync(NpgsqlConnection connection, GroupName group, SendIntent intent, SendMember[] members, int reached)
    {
        var (message, key) = (intent.Message, intent.Key);
        await using var batch = connection.CreateBatch();
        batch.Add(
            Insert, group.ToString(), message.At.UtcTicks, message.Expires.UtcTicks, message.ContentType, OrNull(message.Type),
            OrNull(message.Topic), message.Body, key is { } k ? KeyRows.ToGuid(k.Key) : DBNull.Value, (long)(key?.Digest ?? 0),
            (long)(key?.Expires ?? 0), intent.Idle is { } idle ? idle.Ticks : DBNull.Value, reached, Array.ConvertAll(members, static m => m.Mailbox.ToString()),
            Array.ConvertAll(members, static m => (long)m.Epoch));
        return (long)(await batch.ExecuteScalarAsync().ConfigureAwait(false))!;
    }

    static object OrNull(string? text) => text ?? (object)DBNull.Value;
}
