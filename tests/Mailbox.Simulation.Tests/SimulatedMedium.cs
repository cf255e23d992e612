using Mailbox.Storage;

namespace Mailbox.Simulation;

/// <summary>
/// What the nodes of a simulation store in: a database that they share, or the disk of one node. It keeps what a medium keeps, loses what a medium may
/// lose, and follows every frame with a replay of its own, which is what the history is checked against.
/// </summary>
sealed class SimulatedMedium
{
    readonly Simulation _simulation;

    public SimulatedMedium(Simulation simulation, int partitions, bool isShared)
    {
        (_simulation, IsShared) = (simulation, isShared);
        Partitions = [.. Enumerable.Range(0, partitions).Select(number => new StoredPartition(number, new(number, Incarnation, SimulatedLog.OffsetBits + SimulatedLog.FrameBits)))];
    }

    public bool IsShared { get; }

    public StoredPartition[] Partitions { get; }

    public uint Incarnation { get; } = 0x51;

    /// <summary>It cannot be reached.</summary>
    public bool IsAway { get; set; }

    /// <summary>There is no room but the reserve.</summary>
    public bool IsFull { get; set; }

    /// <summary>The last loss of power has not been stored as lost numbers.</summary>
    public bool HasLostPower { get; set; }

    /// <summary>Commits whose answer was lost and which may still arrive.</summary>
    public List<DoubtfulFrame> UnderWay { get; } = [];

    /// <summary>Doubtful frames that were stored, by partition, number and claim.</summary>
    public HashSet<(int, long, long)> StoredInDoubt { get; } = [];

    public void Append(StoredPartition partition, byte[] records, byte[] bodies, DateTimeOffset at)
    {
        partition.Append(new(partition.Last + 1, partition.Claim, at, records, bodies));
        partition.Follow();
        _simulation.History.NoteFrame(partition);
    }

    /// <summary>A doubtful commit arrives after all, unless its claim or its number is taken.</summary>
    public void Land(DoubtfulFrame frame)
    {
        UnderWay.Remove(frame);
        var partition = Partitions[frame.Partition];
        if (partition.Claim != frame.Claim || partition.Last + 1 != frame.Sequence) return;
        StoredInDoubt.Add((frame.Partition, frame.Sequence, frame.Claim));
        Append(partition, frame.Records, frame.Bodies, frame.At);
    }

    /// <summary>Everything is on the disk.</summary>
    public void Sync()
    {
        foreach (var partition in Partitions) partition.Synced = partition.Last;
    }

    /// <summary>Of each partition a part of what was not synced is lost.</summary>
    public void LosePower()
    {
        foreach (var partition in Partitions)
        {
            partition.LoseAfter(_simulation.Between(partition.Synced, partition.Last));
            _simulation.History.ForgetUnsynced(partition);
        }
        HasLostPower = true;
    }
}

sealed record StoredFrame(long Sequence, long Claim, DateTimeOffset At, byte[] Records, byte[] Bodies);

sealed record DoubtfulFrame(SimulatedLog Log, int Partition, long Sequence, long Claim, byte[] Records, byte[] Bodies, DateTimeOffset At);

sealed record StoredSnapshot(long Begin, long Through, IReadOnlyList<byte[]> Slices);

sealed class StoredPartition(int number, Replay shadow)
{
    public int Number => number;

    public string? Owner { get; set; }

    public long Claim { get; set; }

    public long Last { get; private set; }

    public long Synced { get; set; }

    public long Trimmed { get; set; }

    public StoredSnapshot? Snapshot { get; set; }

    public List<StoredFrame> Frames { get; } = [];

    public Dictionary<long, byte[]> Bodies { get; } = [];

    /// <summary>What a reading of all frames from the first on finds.</summary>
    public PartitionState Shadow => shadow.State;

    public void Append(StoredFrame frame)
    {
        Last = frame.Sequence;
        Frames.Add(frame);
        if (frame.Bodies.Length > 0) Bodies.Add(Last, frame.Bodies);
    }

    public void Follow()
    {
        var frame = Frames[^1];
        shadow.Frame(new(frame.Sequence, frame.At, SimulatedLog.AddressOf(frame.Sequence), frame.Bodies.Length), frame.Records);
    }

    public void LoseAfter(long sequence)
    {
        Frames.RemoveAll(frame => frame.Sequence > sequence);
        foreach (var lost in Bodies.Keys.Where(key => key > sequence).ToList()) Bodies.Remove(lost);
        Last = sequence;
        FollowAgain();
    }

    /// <summary>The shadow is what a reading finds now: after a loss of power a snapshot knows more than the frames.</summary>
    public void FollowAgain()
    {
        shadow.Begin();
        Read(shadow, null);
    }

    public LogEnd Read(ILogReader into, LogEnd? from)
    {
        var after = from?.Sequence ?? -1;
        if (from is null || after < Trimmed)
        {
            into.Begin();
            after = 0;
            if (Snapshot is { } snapshot)
            {
                foreach (var slice in snapshot.Slices) into.Slice(slice);
                into.SnapshotEnds(snapshot.Through);
                after = snapshot.Begin;
            }
        }
        foreach (var frame in Frames)
            if (frame.Sequence > after) into.Frame(new(frame.Sequence, frame.At, SimulatedLog.AddressOf(frame.Sequence), frame.Bodies.Length), frame.Records);
        return End;
    }

    public LogEnd End => new(number, Last, Claim);
}
