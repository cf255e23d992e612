using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Ends a send: nothing of it can be done after that, and its answer is remembered under its key (spec M13, G9).</summary>
sealed class Finishing(KeyBound keys)
{
    // Waits for the parts that are being committed.
    const string LockSend = "SELECT reached, cardinality(mailboxes), key, digest, key_expires FROM sends WHERE id = $1 AND group_name = $2 FOR UPDATE";
    const string CountStored = "SELECT coalesce(sum(cardinality(stored)), 0) FROM send_parts WHERE send = $1";
    const string Delete = "DELETE FROM sends WHERE id = $1";

    public async Task<SendResult> FinishAsync(NpgsqlConnection connection, GroupName group, long fence, long send)
    {
        var (result, key) = await ReadAsync(connection, group, fence, send).ConfigureAwait(false);
        await using var batch = connection.CreateBatch();
        if (key is { } used && result.Stored > 0) AddKey(batch, used, result);
        batch.Add(Delete, send);
        await batch.ExecuteNonQueryAsync().ConfigureAwait(false);
        return result;
    }

    static async Task<(SendResult Result, SendKey? Key)> ReadAsync(NpgsqlConnection connection, GroupName group, long fence, long send)
    {
        await using var batch = connection.CreateBatch();
        batch.Add(Beginning.LockSender, group.ToString(), fence);
        batch.Add(LockSend, send, group.ToString());
        batch.Add(CountStored, send);
        await using var reader = await batch.ExecuteReaderAsync().ConfigureAwait(false);
        if (!await reader.ReadAsync().ConfigureAwait(false)) throw new FencedException($"Another process sends to the group {group}.");
        await reader.NextResultAsync().ConfigureAwait(false);
        if (!await reader.ReadAsync().ConfigureAwait(false)) throw new StoreException($"The send {send} is not open.");
        var (reached, members) = (reader.GetInt32(0), reader.GetInt32(0) + reader.GetInt32(1));
        SendKey? key = reader.IsDBNull(2) ? null
            : new(KeyRows.FromGuid(reader.GetGuid(2)), (ulong)reader.GetInt64(3), (uint)reader.GetInt64(4));
        await reader.NextResultAsync().ConfigureAwait(false);
        await reader.ReadAsync().ConfigureAwait(false);
        var stored = reached + (int)reader.GetInt64(0);
        return (new(Outcome.Stored, members, stored, members - stored), key);
    }

    void AddKey(NpgsqlBatch batch, SendKey key, SendResult result)
    {
        keys.Add(key.Expires);
        batch.Add(
            KeyRows.Upsert, new[] { KeyRows.ToGuid(key.Key) }, new string?[] { null }, new[] { (long)key.Digest }, new[] { (long)key.Expires },
            new[] { (long)result.Members }, new[] { (long)result.Stored }, new[] { result.Refused }, new[] { 0L });
    }
}
