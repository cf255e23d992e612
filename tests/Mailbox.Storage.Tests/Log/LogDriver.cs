using System.Text;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>Speaks to a log in the words of a test: all its partitions are read and claimed, and a batch has one frame in each of some.</summary>
sealed class LogDriver : IDisposable
{
    public static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A log of which nothing is read or claimed yet.</summary>
    public LogDriver(ILog log) => Log = log;

    public ILog Log { get; }

    /// <summary>What was read of each partition when it was claimed.</summary>
    public List<LogRecording> Found { get; } = [];

    /// <summary>Reads all partitions, claims them, and reads what came in between, as an owner does.</summary>
    /// <param name="claim">These alone are claimed.</param>
    public static async Task<LogDriver> StartAsync(ILog log, string owner = "owner", int[]? claim = null)
    {
        var driver = new LogDriver(log);
        var ends = new List<LogEnd>();
        for (var partition = 0; partition < log.Partitions; partition++)
        {
            driver.Found.Add(new());
            ends.Add(await log.ReadAsync(partition, null, driver.Found[partition]));
        }
        foreach (var claimed in await log.ClaimAsync(claim ?? [.. ends.Select(static end => end.Partition)], owner))
        {
            var end = await log.ReadAsync(claimed.Partition, ends[claimed.Partition], driver.Found[claimed.Partition]);
            Assert.Equal(claimed, end);
        }
        return driver;
    }

    public Frame Commit(string records, string bodies = "", Durability level = Durability.Disk, int partition = 0)
    {
        var frame = FrameOf(records, bodies, partition);
        CommitBatch(level, frame);
        Assert.Equal(FrameOutcome.Stored, frame.Outcome);
        return frame;
    }

    public void CommitBatch(Durability level, params Frame[] frames) => CommitBatch(Noon, level, frames);

    public void CommitBatch(DateTimeOffset at, Durability level, params Frame[] frames)
    {
        var batch = new FrameBatch { At = at, Durability = level };
        batch.Frames.AddRange(frames);
        Log.Commit(batch);
    }

    public async Task<LogRecording> ReadAsync(int partition = 0)
    {
        var recording = new LogRecording();
        var end = await Log.ReadAsync(partition, null, recording);
        if (recording.Frames.Count > 0) Assert.Equal(recording.Frames[^1].Info.Sequence, end.Sequence);
        return recording;
    }

    public ValueTask<LogEnd> ReadAsync(LogEnd? from, LogRecording into, int partition = 0) => Log.ReadAsync(partition, from, into);

    public async Task<LogEnd> ClaimAsync(int partition, string owner) => (await Log.ClaimAsync([partition], owner))[0];

    public ValueTask<IReadOnlyList<LogOwner>> OwnersAsync() => Log.OwnersAsync();

    public ValueTask ReleaseAsync(int partition) => Log.ReleaseAsync([partition]);

    public ValueTask<IReadOnlyList<ContainerSize>> ContainersAsync() => Log.ContainersAsync(0);

    public ValueTask FreeAsync(params long[] containers) => Log.FreeAsync(0, containers);

    /// <summary>Says of all containers but one that nothing is left in them.</summary>
    public async Task FreeAllAsync(long? except = null) =>
        await FreeAsync([.. (await ContainersAsync()).Select(static one => one.Container).Where(one => one != except)]);

    /// <summary>What lies at an address; null where nothing is there.</summary>
    public async Task<string?> BodyAsync(ulong address, int length, int partition = 0)
    {
        var found = (await BodiesAsync(partition, new BodyRange(address, length)))[0];
        return found.IsEmpty ? null : Encoding.UTF8.GetString(found.Span);
    }

    public async Task<ReadOnlyMemory<byte>[]> BodiesAsync(int partition, params BodyRange[] ranges)
    {
        var into = new ReadOnlyMemory<byte>[ranges.Length];
        await Log.ReadBodiesAsync(partition, ranges, into);
        return into;
    }

    public void WriteSnapshot(long through, params string[] slices)
    {
        using var writer = Log.BeginSnapshot(0);
        foreach (var slice in slices) writer.Write(Encoding.UTF8.GetBytes(slice));
        writer.Complete(through);
    }

    public long ContainerOf(ulong address) => (long)(address >> Log.ContainerBits);

    /// <summary>Commits until the next bodies lie in another container.</summary>
    public void FillContainer()
    {
        var first = ContainerOf(Log.NextAddress(0));
        var body = new string('f', 900);
        for (var frames = 0; ContainerOf(Log.NextAddress(0)) == first; frames++)
        {
            Assert.InRange(frames, 0, 100_000);
            Commit("filler", body, Durability.Process);
        }
    }

    public static Frame FrameOf(string records, string bodies = "", int partition = 0)
    {
        var frame = new Frame(partition);
        frame.Records.Bytes(Encoding.UTF8.GetBytes(records));
        frame.Bodies.Bytes(Encoding.UTF8.GetBytes(bodies));
        return frame;
    }

    public void Dispose() => Log.Dispose();
}

/// <summary>A frame that was read.</summary>
sealed record RecordedFrame(FrameInfo Info, string Records);

/// <summary>Keeps what a reading told, and sees to it that it told it in order.</summary>
sealed class LogRecording : ILogReader
{
    public List<string> Slices { get; } = [];

    public List<RecordedFrame> Frames { get; } = [];

    public long? Through { get; private set; }

    public int Begins { get; private set; }

    /// <summary>Of the frames that have some: a claim may be a frame without.</summary>
    public IEnumerable<string> Records => Frames.Select(static frame => frame.Records).Where(static records => records.Length > 0);

    public void Begin()
    {
        Begins++;
        Slices.Clear();
        Frames.Clear();
        Through = null;
    }

    public void Slice(ReadOnlySpan<byte> slice)
    {
        Assert.Null(Through);
        Assert.Empty(Frames);
        Slices.Add(Encoding.UTF8.GetString(slice));
    }

    public void SnapshotEnds(long through)
    {
        Assert.Null(Through);
        Assert.Empty(Frames);
        Through = through;
    }

    public void Frame(in FrameInfo frame, ReadOnlySpan<byte> records)
    {
        if (Frames.Count > 0) Assert.Equal(Frames[^1].Info.Sequence + 1, frame.Sequence);
        else if (Through is null && Begins > 0) Assert.Equal(1, frame.Sequence);
        Frames.Add(new(frame, Encoding.UTF8.GetString(records)));
    }
}
