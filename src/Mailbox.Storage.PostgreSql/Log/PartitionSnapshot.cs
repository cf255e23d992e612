using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>A snapshot that is being written: a row for each slice, and one that makes it complete.</summary>
sealed class PartitionSnapshot(LogDatabase database, OwnedPartition owned) : ISnapshotWriter
{
    readonly long _id = Random.Shared.NextInt64();
    readonly long _begin = owned.Last;
    readonly ulong _end = owned.End;
    int _slices;
    bool _mayBeComplete;

    public long Length { get; private set; }

    public void Write(ReadOnlySpan<byte> slice)
    {
        const string Insert = "INSERT INTO snapshots (partition, id, slice, seq, bytes) VALUES ($1, $2, $3, $4, $5)";
        Execute(Insert, owned.Number, _id, _slices, _begin, slice.ToArray());
        _slices++;
        Length += slice.Length;
    }

    /// <exception cref="FencedException">Another process has claimed the partition, and may have removed what was written.</exception>
    public void Complete(long through)
    {
        // A claim waits for the end of this transaction, or this one finds that it is not the owner's any more. And all that the slices know must
        // be there: the server may have been promoted without it.
        const string Insert = """
            INSERT INTO snapshots (partition, id, slice, seq, through, bytes)
            SELECT p.partition, $3, $4, $5, $6, '' FROM partitions p WHERE p.partition = $1 AND p.claim = $2
                AND EXISTS (SELECT FROM slots s WHERE s.partition = $1 AND s.seq >= greatest($5, $6) AND s.claim = $2) FOR SHARE
            """;
        _mayBeComplete = true;
        if (Execute(Insert, owned.Number, owned.Claim, _id, _slices, _begin, through) == 0)
        {
            _mayBeComplete = false;
            throw new FencedException($"Partition {owned.Number} was claimed by another process while a snapshot was written.");
        }
        lock (database.Owned.Lock) owned.Snapshot = new(_id, _begin, _end);
    }

    public void Dispose()
    {
        const string Remove = "DELETE FROM snapshots WHERE partition = $1 AND id = $2";
        // Where it is unknown whether it is complete, another owner may rely on it already.
        if (_mayBeComplete || _slices == 0) return;
        _slices = 0;
        try
        {
            Execute(Remove, owned.Number, _id);
        }
        catch (StoreException)
        {
            // The next complete snapshot makes it superfluous.
        }
    }

    int Execute(string sql, params ReadOnlySpan<object> values)
    {
        try
        {
            using var connection = database.Connect();
            var warnings = new CommitWarnings(connection);
            using var command = connection.Command(sql, values);
            var rows = command.ExecuteNonQuery();
            return warnings.Text is null ? rows : throw new StoreException($"The database did not keep a snapshot for certain: {warnings.Text}");
        }
        catch (NpgsqlException e)
        {
            throw PostgresFault.ToStore(e);
        }
    }
}
