namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// A log in a PostgreSQL database that several processes share. The number behind a partition's newest slot is the fence: whoever inserts it goes
/// on, everyone else finds it taken (<see cref="FrameCommits"/>). Connections that break are replaced; a commit that broke off is in doubt until
/// it is settled.
/// </summary>
sealed class DatabaseLog : ILog
{
    readonly LogDatabase _database;
    readonly FrameCommits _commits;
    readonly PartitionClaims _claims;
    readonly PartitionReading _reading;
    readonly PartitionTrimming _trimming;

    DatabaseLog(LogDatabase database)
    {
        _database = database;
        (_commits, _claims, _reading, _trimming) = (new(database), new(database), new(database), new(database));
    }

    public int Partitions => _database.Partitions;

    public Durability Keeps => Durability.Disk;

    public bool CommitsAtOnce => false;

    public bool IsShared => true;

    /// <summary>A full disk is the database's to tell, commit by commit.</summary>
    public bool IsFull => false;

    public bool IsWritable => _commits.IsWritable;

    /// <summary>
    /// It may change with a claim: what was read before the claim is read again where it did. Partitions that are owned already keep theirs.
    /// </summary>
    public uint Incarnation => _database.Incarnation;

    public int ContainerBits => BodyAddress.ContainerBits;

    /// <summary>The database's clock, as the last commit told it, and what has passed since. It never goes back.</summary>
    public DateTimeOffset StoreTime => _database.Time;

    /// <summary>Connects, and makes the schema or brings it up to date.</summary>
    /// <exception cref="StoreException">The database cannot be reached or written, or a newer program made its schema.</exception>
    public static DatabaseLog Open(PostgresOptions options, TimeProvider time) => new(LogDatabase.Open(options, time));

    public ValueTask<LogEnd> ReadAsync(int partition, LogEnd? from, ILogReader into, CancellationToken cancel = default) =>
        _reading.ReadAsync(partition, from, into, cancel);

    public ValueTask<IReadOnlyList<LogEnd>> ClaimAsync(IReadOnlyList<int> partitions, string owner, CancellationToken cancel = default) =>
        _claims.ClaimAsync(partitions, owner, cancel);

    public ValueTask<IReadOnlyList<LogOwner>> OwnersAsync(CancellationToken cancel = default) => _claims.OwnersAsync(cancel);

    public ValueTask ReleaseAsync(IReadOnlyList<int> partitions, CancellationToken cancel = default) => _claims.ReleaseAsync(partitions, cancel);

    public ulong NextAddress(int partition) => _database.Owned.NextAddress(_database.Owned[partition]);

    public void Commit(FrameBatch batch) => _commits.Commit(batch);

    public ValueTask SettleAsync(FrameBatch batch, CancellationToken cancel = default) => _commits.SettleAsync(batch, cancel);

    /// <summary>Every commit is synced.</summary>
    public void Sync()
    {
    }

    public ValueTask ReadBodiesAsync(
        int partition, ReadOnlyMemory<BodyRange> ranges, Memory<ReadOnlyMemory<byte>> into, CancellationToken cancel = default) =>
        _reading.ReadBodiesAsync(partition, ranges, into, cancel);

    public string Describe(int partition, ulong address) => $"The database's body at {address:x} of partition {partition}";

    public ISnapshotWriter BeginSnapshot(int partition) => new PartitionSnapshot(_database, _database.Owned[partition]);

    public ValueTask<IReadOnlyList<ContainerSize>> ContainersAsync(int partition, CancellationToken cancel = default) =>
        _trimming.ContainersAsync(partition, cancel);

    public ValueTask FreeAsync(int partition, IReadOnlyCollection<long> containers, CancellationToken cancel = default) =>
        _trimming.FreeAsync(partition, containers, cancel);

    public void Dispose()
    {
        _commits.Dispose();
        _database.Dispose();
    }
}
