namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Removes what is not needed any more, in pieces beside commits. It may be done for a partition that was lost meanwhile: what a complete snapshot
/// covers no owner needs. But each statement sees to it that the snapshot and our newest frame are there: a server that was promoted without them
/// still needs the rest.
/// </summary>
sealed class PartitionTrimming(LogDatabase database)
{
    // About a tenth of a second's work, so that what waits for the server's disk does not wait for long.
    const int RowsAtOnce = 1000;
    const int SlicesAtOnce = 50;

    public async ValueTask<IReadOnlyList<ContainerSize>> ContainersAsync(int partition, CancellationToken cancel)
    {
        const string Containers = "SELECT at >> $2, sum(size) FROM bodies WHERE partition = $1 GROUP BY 1 ORDER BY 1";
        return await PostgresFault.GuardAsync(async () =>
        {
            await using var connection = await database.ConnectAsync(cancel).ConfigureAwait(false);
            await using var command = connection.Command(Containers, partition, BodyAddress.ContainerBits);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            var containers = new List<ContainerSize>();
            while (await reader.ReadAsync(cancel).ConfigureAwait(false)) containers.Add(new(reader.GetInt64(0), reader.GetInt64(1)));
            return containers;
        }).ConfigureAwait(false);
    }

    public async ValueTask FreeAsync(int partition, IReadOnlyCollection<long> containers, CancellationToken cancel)
    {
        const string Bodies = """
            DELETE FROM bodies WHERE partition = $1 AND at = ANY (ARRAY(
                SELECT at FROM bodies WHERE partition = $1 AND at >= $5 AND at < $6 ORDER BY at LIMIT $7))
                AND EXISTS (SELECT FROM snapshots WHERE partition = $1 AND id = $2 AND through IS NOT NULL)
                AND EXISTS (SELECT FROM slots WHERE partition = $1 AND seq >= $3 AND claim = $4)
            """;
        // From the oldest on, so that a missing one is never the first sign to somebody who reads: what is left is always a row of numbers without
        // a gap. The frame that the snapshot begins behind stays, so the newest does, too, and a reading that ended there goes on.
        const string Slots = """
            DELETE FROM slots WHERE partition = $1 AND seq = ANY (ARRAY(
                SELECT seq FROM slots WHERE partition = $1 AND seq < $5 ORDER BY seq LIMIT $6 FOR UPDATE))
                AND EXISTS (SELECT FROM snapshots WHERE partition = $1 AND id = $2 AND through IS NOT NULL)
                AND EXISTS (SELECT FROM slots WHERE partition = $1 AND seq >= $3 AND claim = $4)
            """;
        const string Snapshots = """
            DELETE FROM snapshots WHERE partition = $1 AND ctid = ANY (ARRAY(
                SELECT ctid FROM snapshots WHERE partition = $1 AND seq < $5 LIMIT $6))
                AND EXISTS (SELECT FROM snapshots WHERE partition = $1 AND id = $2 AND through IS NOT NULL)
                AND EXISTS (SELECT FROM slots WHERE partition = $1 AND seq >= $3 AND claim = $4)
            """;
        // Taken before anything is awaited: a container is empty as the caller knows it, not of what is committed from now on.
        if (database.Owned.Find(partition) is not { IsLost: false, Snapshot: { } snapshot } owned) return;
        object[] guard = [partition, snapshot.Id, owned.Last, owned.Claim];
        await PostgresFault.GuardAsync(async () =>
        {
            foreach (var container in containers)
            {
                var end = Math.Min((container + 1) << BodyAddress.ContainerBits, (long)snapshot.End);
                await DeleteAsync(Bodies, RowsAtOnce, [.. guard, container << BodyAddress.ContainerBits, end], cancel).ConfigureAwait(false);
            }
            await DeleteAsync(Slots, RowsAtOnce, [.. guard, snapshot.Begin], cancel).ConfigureAwait(false);
            await DeleteAsync(Snapshots, SlicesAtOnce, [.. guard, snapshot.Begin], cancel).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    async Task DeleteAsync(string sql, int atOnce, object[] values, CancellationToken cancel)
    {
        int removed;
        do
        {
            await using var connection = await database.ConnectAsync(cancel).ConfigureAwait(false);
            await using var command = connection.Command(sql, [.. values, atOnce]);
            removed = await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        }
        while (removed == atOnce);
    }
}
