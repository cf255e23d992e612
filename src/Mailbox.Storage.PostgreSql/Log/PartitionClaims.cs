using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Claims partitions, and gives them up.</summary>
sealed class PartitionClaims(LogDatabase database)
{
    public async ValueTask<IReadOnlyList<LogEnd>> ClaimAsync(IReadOnlyList<int> partitions, string owner, CancellationToken cancel)
    {
        const string Claim = """
            SELECT claimed, its_claim, its_slot, its_end, its_incarnation, snapshot_id, snapshot_begin, snapshot_end FROM claim_partitions($1, $2)
            """;
        foreach (var partition in partitions) ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)partition, (uint)database.Partitions);
        if (partitions.Count == 0) return [];
        var claimed = await database.CommitAsync(async connection =>
        {
            await using var command = connection.Command(Claim, partitions.ToArray(), owner);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            var owned = new Dictionary<int, OwnedPartition>(partitions.Count);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false)) owned.Add(reader.GetInt32(0), Read(reader));
            while (await reader.NextResultAsync(cancel).ConfigureAwait(false)) { }
            return owned;
        }, cancel).ConfigureAwait(false);
        foreach (var partition in claimed.Values)
        {
            database.Owned.Add(partition);
            database.Incarnation = partition.Incarnation;
        }
        return [.. partitions.Select(number => new LogEnd(number, claimed[number].Last, claimed[number].Claim))];
    }

    public async ValueTask<IReadOnlyList<LogOwner>> OwnersAsync(CancellationToken cancel)
    {
        const string Owners = "SELECT partition, owner, claim, s.incarnation FROM partitions, settings s ORDER BY partition";
        return await PostgresFault.GuardAsync(async () =>
        {
            await using var connection = await database.ConnectAsync(cancel).ConfigureAwait(false);
            await using var command = connection.Command(Owners);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            var owners = new List<LogOwner>(database.Partitions);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                owners.Add(new(reader.GetInt32(0), await reader.IsDBNullAsync(1, cancel).ConfigureAwait(false) ? null : reader.GetString(1), reader.GetInt64(2)));
                database.Incarnation = (uint)reader.GetInt32(3);
            }
            return owners;
        }).ConfigureAwait(false);
    }

    public async ValueTask ReleaseAsync(IReadOnlyList<int> partitions, CancellationToken cancel)
    {
        const string Release = """
            UPDATE partitions p SET owner = NULL FROM (
                SELECT p.partition FROM unnest($1, $2) o (partition, claim) JOIN partitions p ON p.partition = o.partition AND p.claim = o.claim
                ORDER BY p.partition FOR UPDATE OF p) o
            WHERE p.partition = o.partition
            """;
        var owned = partitions.Select(database.Owned.Find).OfType<OwnedPartition>().ToList();
        if (owned.Count == 0) return;
        foreach (var partition in owned) partition.IsLost = true;
        await database.CommitAsync(async connection =>
        {
            await using var command = connection.Command(
                Release, owned.Select(static one => one.Number).ToArray(), owned.Select(static one => one.Claim).ToArray());
            return await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
    }

    static OwnedPartition Read(NpgsqlDataReader row) => new(row.GetInt32(0), row.GetInt64(1), (uint)row.GetInt32(4))
    {
        Last = row.GetInt64(2),
        End = (ulong)row.GetInt64(3),
        Snapshot = row.IsDBNull(5) ? null : new(row.GetInt64(5), row.GetInt64(6), (ulong)row.GetInt64(7)),
    };
}
