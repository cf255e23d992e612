using System.Security.Cryptography;

namespace Mailbox.Storage;

/// <summary>
/// A log in the memory of this process. Several of them may share one <see cref="MemoryMedium"/>, as several processes share a database; one
/// alone owns all of it. Safe from any thread.
/// </summary>
sealed class MemoryLog : ILog
{
    const int OffsetBits = 24;
    const int FramesInContainerBits = 12;

    readonly MemoryMedium _medium;
    readonly Dictionary<int, LogEnd> _owned = [];

    public MemoryLog(MemoryMedium medium) => (_medium, IsShared) = (medium, true);

    /// <summary>A log of one partition that nobody else has.</summary>
    public MemoryLog() : this(new(partitions: 1)) => IsShared = false;

    public int Partitions => _medium.Partitions.Length;

    /// <summary>Nothing survives the process. A test that lets it stand in for a durable log sets a stronger level.</summary>
    public Durability Keeps { get; init; } = Durability.Memory;

    public bool CommitsAtOnce => true;

    public bool IsShared { get; init; }

    public bool IsFull => false;

    public bool IsWritable => true;

    public uint Incarnation => _medium.Incarnation;

    public int ContainerBits => OffsetBits + FramesInContainerBits;

    public ValueTask<LogEnd> ReadAsync(int partition, LogEnd? from, ILogReader into, CancellationToken cancel = default)
    {
        lock (_medium)
        {
            var stored = _medium.Partitions[partition];
            var after = from?.Sequence ?? -1;
            if (from is null || after < stored.Trimmed)
            {
                into.Begin();
                after = ReadSnapshot(stored, into);
            }
            foreach (var frame in stored.Frames)
            {
                if (frame.Sequence <= after) continue;
                into.Frame(new(frame.Sequence, frame.At, AddressOf(frame.Sequence), frame.BodyBytes), frame.Records);
            }
            return new(stored.EndOf(partition));
        }
    }

    public ValueTask<IReadOnlyList<LogEnd>> ClaimAsync(IReadOnlyList<int> partitions, string owner, CancellationToken cancel = default)
    {
        lock (_medium) return new([.. partitions.Select(partition => Own(partition, owner))]);
    }

    public ValueTask<IReadOnlyList<LogOwner>> OwnersAsync(CancellationToken cancel = default)
    {
        lock (_medium)
            return new([.. _medium.Partitions.Select((stored, i) => new LogOwner(i, stored.Owner, stored.Claim))]);
    }

    public ValueTask ReleaseAsync(IReadOnlyList<int> partitions, CancellationToken cancel = default)
    {
        lock (_medium)
        {
            foreach (var partition in partitions)
                if (_owned.Remove(partition, out var end) && _medium.Partitions[partition] is { } stored && stored.Claim == end.Claim) stored.Owner = null;
        }
        return default;
    }

    public ulong NextAddress(int partition)
    {
        lock (_medium) return AddressOf(_owned[partition].Sequence + 1);
    }

    public void Commit(FrameBatch batch)
    {
        lock (_medium)
        {
            foreach (var frame in batch.Frames)
                if (frame.Bodies.Length >= 1 << OffsetBits) throw new ArgumentException($"A frame has {frame.Bodies.Length} bytes of bodies; it may have {1 << OffsetBits}.", nameof(batch));
            foreach (var frame in batch.Frames) Commit(frame, batch.At);
        }
    }

    public ValueTask SettleAsync(FrameBatch batch, CancellationToken cancel = default) => default;

    public void Sync()
    {
    }

    public ValueTask ReadBodiesAsync(
        int partition, ReadOnlyMemory<BodyRange> ranges, Memory<ReadOnlyMemory<byte>> into, CancellationToken cancel = default)
    {
        lock (_medium)
        {
            var bodies = _medium.Partitions[partition].Bodies;
            for (var i = 0; i < ranges.Length; i++)
            {
                var (address, most) = ranges.Span[i];
                var offset = (int)(address & ((1 << OffsetBits) - 1));
                into.Span[i] = bodies.TryGetValue((long)(address >> OffsetBits), out var bytes) ? bytes.AsMemory(offset, Math.Min(most, bytes.Length - offset)) : default;
            }
        }
        return default;
    }

    public string Describe(int partition, ulong address) => $"frame {address >> OffsetBits} of partition {partition}";

    public ISnapshotWriter BeginSnapshot(int partition)
    {
        lock (_medium) return new SnapshotWriter(_medium, _medium.Partitions[partition]);
    }

    public ValueTask<IReadOnlyList<ContainerSize>> ContainersAsync(int partition, CancellationToken cancel = default)
    {
        lock (_medium)
            return new([.. _medium.Partitions[partition].Bodies
                .GroupBy(static pair => pair.Key >> FramesInContainerBits, static pair => (long)pair.Value.Length)
                .Select(static group => new ContainerSize(group.Key, group.Sum()))]);
    }

    public ValueTask FreeAsync(int partition, IReadOnlyCollection<long> containers, CancellationToken cancel = default)
    {
        lock (_medium)
        {
            var stored = _medium.Partitions[partition];
            foreach (var sequence in stored.Bodies.Keys.Where(key => key <= stored.Trimmed && containers.Contains(key >> FramesInContainerBits)).ToList())
                stored.Bodies.Remove(sequence);
            stored.Frames.RemoveAll(frame => frame.Sequence <= stored.Trimmed);
        }
        return default;
    }

    public void Dispose()
    {
    }

    static ulong AddressOf(long sequence) => (ulong)sequence << OffsetBits;

    static long ReadSnapshot(MemoryPartition stored, ILogReader into)
    {
        if (stored.Snapshot is not { } snapshot) return 0;
        foreach (var slice in snapshot.Slices) into.Slice(slice);
        into.SnapshotEnds(snapshot.Through);
        return snapshot.Begin;
    }

    /// <summary>A claim is a frame like any other, without records: what has been planned behind the former owner's last frame finds the number taken.</summary>
    LogEnd Own(int partition, string owner)
    {
        var stored = _medium.Partitions[partition];
        (stored.Owner, stored.Claim) = (owner, stored.Claim + 1);
        stored.Append([], [], stored.LastAt);
        return _owned[partition] = stored.EndOf(partition);
    }

    void Commit(Frame frame, DateTimeOffset at)
    {
        var stored = _medium.Partitions[frame.Partition];
        if (!_owned.TryGetValue(frame.Partition, out var end) || stored.Claim != end.Claim)
        {
            frame.Outcome = FrameOutcome.Fenced;
            return;
        }
        stored.Append(frame.Records.Written.ToArray(), frame.Bodies.Written.ToArray(), at);
        _owned[frame.Partition] = stored.EndOf(frame.Partition);
        (frame.Outcome, frame.Sequence) = (FrameOutcome.Stored, stored.Last);
    }

    sealed class SnapshotWriter(MemoryMedium medium, MemoryPartition stored) : ISnapshotWriter
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
            lock (medium)
            {
                stored.Snapshot = new(_begin, through, _slices);
                stored.Trimmed = _begin;
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>What logs in memory share. It is its own lock.</summary>
sealed class MemoryMedium(int partitions)
{
    public MemoryPartition[] Partitions { get; } = [.. Enumerable.Range(0, partitions).Select(static _ => new MemoryPartition())];

    public uint Incarnation { get; set; } = (uint)RandomNumberGenerator.GetInt32(1, 1 << 24);
}

sealed class MemoryPartition
{
    public string? Owner { get; set; }

    public long Claim { get; set; }

    public long Last { get; private set; }

    public DateTimeOffset LastAt { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <summary>A reading need not see frames up to here: the snapshot has them.</summary>
    public long Trimmed { get; set; }

    public MemorySnapshot? Snapshot { get; set; }

    public List<MemoryFrame> Frames { get; } = [];

    /// <summary>By the frame's number.</summary>
    public Dictionary<long, byte[]> Bodies { get; } = [];

    public LogEnd EndOf(int partition) => new(partition, Last, Claim);

    public void Append(byte[] records, byte[] bodies, DateTimeOffset at)
    {
        Last++;
        LastAt = at;
        Frames.Add(new(Last, at, records, bodies.Length));
        if (bodies.Length > 0) Bodies.Add(Last, bodies);
    }
}

sealed record MemoryFrame(long Sequence, DateTimeOffset At, byte[] Records, int BodyBytes);

sealed record MemorySnapshot(long Begin, long Through, IReadOnlyList<byte[]> Slices);
