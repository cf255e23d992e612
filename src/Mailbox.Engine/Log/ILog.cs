namespace Mailbox.Storage;

/// <summary>
/// Station 3: where the frames of partitions are kept: in memory, in a directory or in a database. A log moves bytes: what a record means is decided
/// once, in the engine (<see cref="ILogRecord"/>, <see cref="Replay"/>), for every medium. One thread at a time calls <see cref="Commit"/>,
/// <see cref="Sync"/> and <see cref="BeginSnapshot"/>; all else is safe from any thread beside it. Every medium passes the same contract suite.
/// </summary>
interface ILog : IDisposable
{
    /// <summary>Partitions that names are spread over, 1 to 4,096; fixed when the log was made.</summary>
    int Partitions { get; }

    /// <summary>The strongest level that the medium keeps (spec M5).</summary>
    Durability Keeps { get; }

    /// <summary>A commit that need not be synced takes microseconds, so that any thread may wait for it.</summary>
    bool CommitsAtOnce { get; }

    /// <summary>Other processes may claim partitions: an answer that rests on absence must be confirmed by a commit.</summary>
    bool IsShared { get; }

    /// <summary>There is no room but the reserve: only what frees or marks is to be committed.</summary>
    bool IsFull { get; }

    /// <summary>False once a write or a sync has failed for good; a full disk and a database that is away are not that.</summary>
    bool IsWritable { get; }

    /// <summary>Where an operator is told in a line what the log found; null for nowhere.</summary>
    Action<string>? Notice => null;

    /// <summary>The upper 24 bits of every epoch. A restored copy has another, so that every position of the original is of another epoch there (spec M4).</summary>
    uint Incarnation { get; }

    /// <summary>What the last process wrote and did not sync may be lost: numbers that it may have given out are taken as lost, too (spec M5).</summary>
    bool HasLostPower => false;

    /// <summary>Snapshots have stored what was taken as lost.</summary>
    void NoteLossStored()
    {
    }

    /// <summary>How many of an address's low bits count within a container: the unit in which the room of bodies is freed.</summary>
    int ContainerBits { get; }

    /// <summary>
    /// Reads a partition: its newest complete snapshot and the frames behind it, or only the frames behind <paramref name="from"/>. Claims nothing:
    /// another process may own the partition and go on writing. Where its owner trims meanwhile, the reading begins again with <see cref="ILogReader.Begin"/>.
    /// </summary>
    /// <param name="from">Where an earlier reading ended; null for the beginning.</param>
    /// <returns>The newest frame that was read.</returns>
    /// <exception cref="StoreException">It cannot be read, or what was synced is damaged.</exception>
    ValueTask<LogEnd> ReadAsync(int partition, LogEnd? from, ILogReader into, CancellationToken cancel = default);

    /// <summary>Sees to it that what a partition refers to is there.</summary>
    /// <exception cref="StoreException">Something is missing.</exception>
    void Verify(PartitionState state)
    {
    }

    /// <summary>
    /// Claims partitions: from then on no other claim's frame is taken. What the former owner committed before it is still to be read, from
    /// <see cref="LogEnd"/> on. All of them or, where the medium cannot be reached, none.
    /// </summary>
    /// <param name="owner">Who claims, for operators and other silos: the silo's address and the version of the membership.</param>
    /// <returns>One end for each partition: the claim's own frame.</returns>
    ValueTask<IReadOnlyList<LogEnd>> ClaimAsync(IReadOnlyList<int> partitions, string owner, CancellationToken cancel = default);

    /// <summary>Who owns a partition by its newest claim; null for nobody, or where the owner has released it.</summary>
    ValueTask<IReadOnlyList<LogOwner>> OwnersAsync(CancellationToken cancel = default);

    /// <summary>Gives partitions up, after their last frame: others may claim them at once.</summary>
    ValueTask ReleaseAsync(IReadOnlyList<int> partitions, CancellationToken cancel = default);

    /// <summary>
    /// Where the bodies of the partition's next frame will lie: known before the frame is written, so that the entries of its messages are complete
    /// when they are planned. The frame that is committed next for this partition lies there, or nowhere.
    /// </summary>
    ulong NextAddress(int partition);

    /// <summary>
    /// Stores frames, in order, and returns when they are as durable as the batch asks for; blocks meanwhile. <see cref="Frame.Outcome"/> tells of
    /// each whether it was stored: a partition that another process has claimed since is <see cref="FrameOutcome.Fenced"/>, and the others are stored without it.
    /// </summary>
    /// <exception cref="StoreFullException">Nothing was stored; there is no room.</exception>
    /// <exception cref="UncertainStoreException">It is unknown which are stored: <see cref="SettleAsync"/> tells.</exception>
    /// <exception cref="StoreException">The medium failed for good; what is stored is what a reading finds.</exception>
    void Commit(FrameBatch batch);

    /// <summary>After <see cref="UncertainStoreException"/>: finds out what is stored, and sees to it that the rest never will be.</summary>
    /// <exception cref="StoreException">The medium cannot be reached; try again.</exception>
    ValueTask SettleAsync(FrameBatch batch, CancellationToken cancel = default);

    /// <summary>Makes everything committed survive power loss.</summary>
    /// <exception cref="StoreException">The medium failed for good.</exception>
    void Sync();

    /// <summary>Reads bodies.</summary>
    /// <param name="into">One for each range: the bytes from its address on, at most as many as asked for; empty where nothing is there any more.</param>
    /// <exception cref="StoreException">The medium cannot be read.</exception>
    ValueTask ReadBodiesAsync(int partition, ReadOnlyMemory<BodyRange> ranges, Memory<ReadOnlyMemory<byte>> into, CancellationToken cancel = default);

    /// <summary>Where an address is, for whoever must look at it: a file and an offset, or a row.</summary>
    string Describe(int partition, ulong address);

    /// <summary>Begins a snapshot of a partition. Called while no frame of it is outstanding; a later reading begins behind the newest frame of this moment.</summary>
    ISnapshotWriter BeginSnapshot(int partition);

    /// <summary>The containers that hold bodies of a partition, with the bytes written to each.</summary>
    ValueTask<IReadOnlyList<ContainerSize>> ContainersAsync(int partition, CancellationToken cancel = default);

    /// <summary>
    /// Frees containers in which no message is left, and frames and snapshots that the newest complete snapshot has made superfluous. Called when
    /// everything that made them so is synced. A container that later frames still lie in is kept.
    /// </summary>
    ValueTask FreeAsync(int partition, IReadOnlyCollection<long> containers, CancellationToken cancel = default);
}

/// <summary>Takes what <see cref="ILog.ReadAsync"/> reads: nothing before it, or slices of one snapshot, then frames in order. Called by one thread.</summary>
interface ILogReader
{
    /// <summary>What was read before is void: the reading begins at the beginning.</summary>
    void Begin();

    /// <summary>A slice of the snapshot, as it was written.</summary>
    void Slice(ReadOnlySpan<byte> slice);

    /// <summary>The newest frame that may have left something in the snapshot; called once, after its slices.</summary>
    void SnapshotEnds(long through);

    void Frame(in FrameInfo frame, ReadOnlySpan<byte> records);
}

/// <summary>A frame as it was read.</summary>
/// <param name="Sequence">From 1, without a gap in each partition.</param>
/// <param name="At">The batch's time, to the millisecond.</param>
/// <param name="BodiesAt">The address of the first byte of its bodies; those behind it follow one by one.</param>
/// <param name="BodyBytes">Bytes of all its bodies.</param>
readonly record struct FrameInfo(long Sequence, DateTimeOffset At, ulong BodiesAt, int BodyBytes);

/// <summary>Where a reading ended.</summary>
/// <param name="Sequence">The newest frame; 0 before the first.</param>
/// <param name="Claim">The claim under which it was written; 0 before the first.</param>
readonly record struct LogEnd(int Partition, long Sequence, long Claim);

/// <param name="Owner">As it was claimed; null for nobody.</param>
/// <param name="Claim">0 where nobody has ever claimed it.</param>
readonly record struct LogOwner(int Partition, string? Owner, long Claim);

/// <param name="MostBytes">1 or more; what lies behind the body is read along where the reader does not know its length.</param>
readonly record struct BodyRange(ulong Address, int MostBytes);

/// <param name="Bytes">Written to it, whether they are still needed or not.</param>
readonly record struct ContainerSize(long Container, long Bytes);

/// <summary>A snapshot that is being written, slice by slice, beside commits. Not thread-safe. To dispose of one that is not complete is to abandon it.</summary>
interface ISnapshotWriter : IDisposable
{
    /// <exception cref="StoreFullException">There is no room, not even in the reserve.</exception>
    void Write(ReadOnlySpan<byte> slice);

    /// <summary>
    /// The snapshot counts from now on. First the log is synced: a snapshot must not know more than the log does after a loss of power.
    /// </summary>
    /// <param name="through">The newest frame that may have left something in a slice.</param>
    void Complete(long through);

    /// <summary>Bytes of all slices.</summary>
    long Length { get; }
}

enum FrameOutcome : byte
{
    /// <summary>Not committed yet, or in doubt.</summary>
    Unknown,

    Stored,

    /// <summary>Another process has claimed the partition; nothing of the frame is stored or ever will be.</summary>
    Fenced,

    /// <summary>After a settled doubt: nothing of the frame is stored or ever will be, and the partition is still the caller's.</summary>
    Void,
}

/// <summary>What one batch stores in one partition: records, and the bodies that they point into. Used again by the writer. Not thread-safe.</summary>
sealed class Frame(int partition)
{
    public int Partition => partition;

    public ByteWriter Records { get; } = new();

    /// <summary>The first byte lies at <see cref="ILog.NextAddress"/>.</summary>
    public ByteWriter Bodies { get; } = new();

    /// <summary>Set by the log.</summary>
    public FrameOutcome Outcome { get; set; }

    /// <summary>The frame's number; set by the log where it is stored.</summary>
    public long Sequence { get; set; }

    public bool IsEmpty => Records.Length == 0;

    public void Clear()
    {
        Records.Clear();
        Bodies.Clear();
        (Outcome, Sequence) = (FrameOutcome.Unknown, 0);
    }
}

/// <summary>Frames that are committed together, at most one for each partition.</summary>
sealed class FrameBatch
{
    public List<Frame> Frames { get; } = [];

    /// <summary>The strongest level that any of the records needs.</summary>
    public Durability Durability { get; set; }

    /// <summary>The batch only frees or marks: it may use what the medium keeps back for a full disk.</summary>
    public bool MayUseReserve { get; set; }

    /// <summary>The batch's time; not before any earlier one's.</summary>
    public DateTimeOffset At { get; set; }
}
