using Mailbox.Storage;

namespace Mailbox.Simulation;

/// <summary>A node's log on the simulated medium. Its answers come late, get lost or do not come, as the simulation chooses.</summary>
sealed class SimulatedLog(Simulation simulation, SimulatedMedium medium, Node node) : ILog
{
    public const int OffsetBits = 24;
    public const int FrameBits = 3;

    readonly Dictionary<int, LogEnd> _owned = [];

    public int Partitions => medium.Partitions.Length;

    public Durability Keeps => Durability.Disk;

    public bool CommitsAtOnce => false;

    public bool IsShared => medium.IsShared;

    public bool IsFull => medium.IsFull;

    public bool IsWritable => true;

    public uint Incarnation => medium.Incarnation;

    public bool HasLostPower => medium.HasLostPower;

    public int ContainerBits => OffsetBits + FrameBits;

    public static ulong AddressOf(long sequence) => (ulong)sequence << OffsetBits;

    public void NoteLossStored() => medium.HasLostPower = false;

    public async ValueTask<LogEnd> ReadAsync(int partition, LogEnd? from, ILogReader into, CancellationToken cancel = default)
    {
        await LaterAsync().ConfigureAwait(false);
        return medium.Partitions[partition].Read(into, from);
    }

    public async ValueTask<IReadOnlyList<LogEnd>> ClaimAsync(IReadOnlyList<int> partitions, string owner, CancellationToken cancel = default)
    {
        await LaterAsync().ConfigureAwait(false);
        var ends = new List<LogEnd>();
        foreach (var number in partitions)
        {
            var stored = medium.Partitions[number];
            (stored.Owner, stored.Claim) = (owner, stored.Claim + 1);
            medium.Append(stored, [], [], stored.Frames.Count > 0 ? stored.Frames[^1].At : DateTimeOffset.UnixEpoch);
            ends.Add(_owned[number] = stored.End);
        }
        simulation.NoteDisturbance();
        simulation.Tell($"{node} claims {string.Join(' ', partitions)}");
        await LaterAsync().ConfigureAwait(false);
        return ends;
    }

    public ValueTask<IReadOnlyList<LogOwner>> OwnersAsync(CancellationToken cancel = default) =>
        new([.. medium.Partitions.Select(static stored => new LogOwner(stored.Number, stored.Owner, stored.Claim))]);

    public async ValueTask ReleaseAsync(IReadOnlyList<int> partitions, CancellationToken cancel = default)
    {
        await LaterAsync().ConfigureAwait(false);
        foreach (var partition in partitions)
            if (_owned.Remove(partition, out var end) && medium.Partitions[partition] is { } stored && stored.Claim == end.Claim) stored.Owner = null;
    }

    public ulong NextAddress(int partition) => AddressOf(_owned[partition].Sequence + 1);

    public void Commit(FrameBatch batch)
    {
        simulation.CheckThread();
        // Whether a database that cannot be reached has stored anything is unknown, as after any lost answer.
        if (medium.IsAway)
        {
            simulation.NoteDisturbance();
            throw new UncertainStoreException("The database is away.");
        }
        if (medium.IsFull && !batch.MayUseReserve) throw new StoreFullException("There is no room.");
        var doubt = medium.IsShared ? simulation.NextDoubt() : Doubt.None;
        foreach (var frame in batch.Frames)
        {
            var stored = medium.Partitions[frame.Partition];
            if (!_owned.TryGetValue(frame.Partition, out var end) || stored.Claim != end.Claim)
            {
                if (doubt == Doubt.None) frame.Outcome = FrameOutcome.Fenced;
                continue;
            }
            if (doubt != Doubt.None)
            {
                if (doubt != Doubt.Lost) medium.UnderWay.Add(new(this, frame.Partition, end.Sequence + 1, end.Claim, frame.Records.Written.ToArray(), frame.Bodies.Written.ToArray(), batch.At));
                continue;
            }
            medium.Append(stored, frame.Records.Written.ToArray(), frame.Bodies.Written.ToArray(), batch.At);
            _owned[frame.Partition] = stored.End;
            (frame.Outcome, frame.Sequence) = (FrameOutcome.Stored, stored.Last);
        }
        simulation.Tell($"{node} commits {string.Join(' ', batch.Frames.Select(static frame => $"{frame.Partition}:{frame.Sequence}:{frame.Outcome}:{frame.Records.Length}"))} {batch.Durability} {doubt}");
        if (doubt == Doubt.Stored)
            foreach (var frame in medium.UnderWay.Where(frame => frame.Log == this).ToList()) medium.Land(frame);
        if (doubt != Doubt.None) throw new UncertainStoreException("The answer is lost.");
        if (batch.Durability == Durability.Disk) medium.Sync();
    }

    public ValueTask SettleAsync(FrameBatch batch, CancellationToken cancel = default)
    {
        // What is not stored is loaded again, without what was only in memory.
        simulation.NoteDisturbance();
        if (medium.IsAway) throw new StoreException("The database is away.");
        medium.UnderWay.RemoveAll(frame => frame.Log == this);
        foreach (var frame in batch.Frames)
        {
            if (frame.Outcome != FrameOutcome.Unknown) continue;
            var stored = medium.Partitions[frame.Partition];
            if (!_owned.TryGetValue(frame.Partition, out var end)) frame.Outcome = FrameOutcome.Fenced;
            else if (medium.StoredInDoubt.Contains((frame.Partition, end.Sequence + 1, end.Claim)))
            {
                (frame.Outcome, frame.Sequence) = (FrameOutcome.Stored, end.Sequence + 1);
                _owned[frame.Partition] = new(frame.Partition, end.Sequence + 1, end.Claim);
            }
            else frame.Outcome = stored.Claim == end.Claim ? FrameOutcome.Void : FrameOutcome.Fenced;
        }
        simulation.Tell($"{node} settles {string.Join(' ', batch.Frames.Select(static frame => $"{frame.Partition}:{frame.Outcome}"))}");
        return default;
    }

    public void Sync() => medium.Sync();

    public async ValueTask ReadBodiesAsync(int partition, ReadOnlyMemory<BodyRange> ranges, Memory<ReadOnlyMemory<byte>> into, CancellationToken cancel = default)
    {
        await LaterAsync().ConfigureAwait(false);
        var bodies = medium.Partitions[partition].Bodies;
        for (var i = 0; i < ranges.Length; i++)
        {
            var (address, most) = ranges.Span[i];
            var offset = (int)(address & ((1 << OffsetBits) - 1));
            into.Span[i] = bodies.TryGetValue((long)(address >> OffsetBits), out var bytes) ? bytes.AsMemory(offset, Math.Min(most, bytes.Length - offset)) : default;
        }
    }

    public string Describe(int partition, ulong address) => $"frame {address >> OffsetBits} of partition {partition}";

    public ISnapshotWriter BeginSnapshot(int partition) => new SnapshotWriter(this, medium.Partitions[partition], _owned.GetValueOrDefault(partition).Claim);

    public async ValueTask<IReadOnlyList<ContainerSize>> ContainersAsync(int partition, CancellationToken cancel = default)
    {
        await LaterAsync().ConfigureAwait(false);
        return [.. medium.Partitions[partition].Bodies
            .GroupBy(static pair => pair.Key >> FrameBits, static pair => (long)pair.Value.Length)
            .Select(static group => new ContainerSize(group.Key, group.Sum()))];
    }

    public async ValueTask FreeAsync(int partition, IReadOnlyCollection<long> containers, CancellationToken cancel = default)
    {
        await LaterAsync().ConfigureAwait(false);
        var stored = medium.Partitions[partition];
        if (stored.Claim != _owned.GetValueOrDefault(partition).Claim) return;
        foreach (var sequence in stored.Bodies.Keys.Where(key => key <= stored.Trimmed && containers.Contains(key >> FrameBits)).ToList()) stored.Bodies.Remove(sequence);
        stored.Frames.RemoveAll(frame => frame.Sequence <= stored.Trimmed);
        simulation.Tell($"{node} frees {partition}: {string.Join(' ', containers)}");
    }

    public void Dispose()
    {
    }

    /// <summary>The medium takes its time, but for the writer, which blocks.</summary>
    async ValueTask LaterAsync()
    {
        simulation.CheckThread();
        if (!simulation.IsStepping) await Engine.Continuations.YieldAsync().ConfigureAwait(false);
        if (medium.IsAway) throw new StoreException("The database is away.");
    }

    sealed class SnapshotWriter(SimulatedLog log, StoredPartition stored, long claim) : ISnapshotWriter
    {
        readonly long _begin = stored.Last;
        readonly List<byte[]> _slices = [];

        public long Length { get; private set; }

        public void Write(ReadOnlySpan<byte> slice)
        {
            _slices.Add(slice.ToArray());
            Length += slice.Length;
        }

        public void Complete(long through)
        {
            // The snapshot of a former owner does not count: the new owner may have freed the frames behind it.
            if (stored.Claim != claim) return;
            log.Sync();
            (stored.Snapshot, stored.Trimmed) = (new(_begin, through, _slices), _begin);
            log.NoteSnapshot(stored, through);
        }

        public void Dispose()
        {
        }
    }

    void NoteSnapshot(StoredPartition stored, long through)
    {
        simulation.Tell($"{node} snapshots {stored.Number} through {through}");
        if (!medium.IsShared) stored.FollowAgain();
        else simulation.History.CheckSnapshot(stored);
    }
}

/// <summary>What becomes of a commit whose answer is lost.</summary>
enum Doubt
{
    None,
    Stored,
    Lost,
    UnderWay,
}
