using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// What the writer plans, commits and publishes together: one frame for each partition that it changes. A record changes the state when it is planned;
/// readers see the change when it is stored. What could not be stored is forgotten: its partitions are loaded again. Used in the writer's turn alone.
/// </summary>
sealed class Batch(ILog log)
{
    readonly FrameBatch _frames = new();
    readonly List<Partition> _partitions = [];
    readonly List<LiveMailbox> _touched = [];
    readonly List<(LiveMailbox Mailbox, Ending Why)> _removed = [];
    readonly List<MailboxEvent> _events = [];
    readonly List<(Partition Source, long Id)> _started = [];

    public FrameBatch Frames => _frames;

    /// <summary>Those that have a frame in this batch.</summary>
    public IReadOnlyList<Partition> Partitions => _partitions;

    /// <summary>The batch's time; one for all it does.</summary>
    public DateTimeOffset Now { get; private set; }

    public long NowMilliseconds { get; private set; }

    public uint NowSeconds { get; private set; }

    /// <summary>As <see cref="ExpiryTick"/>.</summary>
    public uint NowTick { get; private set; }

    /// <summary>Mailboxes whose readers may find something new.</summary>
    public IReadOnlyList<LiveMailbox> Touched => _touched;

    /// <summary>Removed mailboxes that had a live part, and what their readers are told.</summary>
    public IReadOnlyList<(LiveMailbox Mailbox, Ending Why)> Removed => _removed;

    public IReadOnlyList<MailboxEvent> Events => _events;

    /// <summary>Operations that go to other partitions once they are stored.</summary>
    public IReadOnlyList<(Partition Source, long Id)> Started => _started;

    /// <summary>There is no room: what makes the log grow is refused with <see cref="Outcome.StoreFull"/>.</summary>
    public bool IsFull { get; private set; }

    /// <summary>How many of <see cref="Events"/> are recorded for their subscribers already.</summary>
    public int RecordedEvents { get; set; }

    public void Begin(DateTimeOffset now)
    {
        IsFull = _frames.MayUseReserve = log.IsFull;
        (Now, NowMilliseconds, NowSeconds) = (now, now.ToUnixTimeMilliseconds(), (uint)now.ToUnixTimeSeconds());
        NowTick = ExpiryTick.Now(now);
        _frames.At = now;
    }

    /// <summary>Plans a record: writes it into the partition's frame and changes the state.</summary>
    public void Do<TRecord>(Partition partition, in TRecord record, Durability durability) where TRecord : struct, ILogRecord
    {
        record.Write(FrameOf(partition).Records);
        record.Apply(partition.State);
        Require(durability);
    }

    /// <summary>Starts an operation that other partitions apply.</summary>
    /// <param name="local">What came of it in the partition itself.</param>
    /// <returns>Its identity, above 0.</returns>
    public long Start(Partition source, PartitionOperation operation, OperationAnswer local, IReadOnlyList<int> targets)
    {
        var channels = source.State.Channels;
        var id = channels.LastOperation + 1;
        var numbered = new (int, long)[targets.Count];
        for (var i = 0; i < numbered.Length; i++) numbered[i] = (targets[i], channels.Out.GetValueOrDefault(targets[i]) + 1);
        Do(source, new OperationStartedRecord(id, new(operation, local, numbered)), Durability.Disk);
        _started.Add((source, id));
        return id;
    }

    public void Require(Durability durability)
    {
        if (durability > _frames.Durability) _frames.Durability = durability;
    }

    /// <summary>
    /// An answer rests on what the partition does not hold: where processes share the log, it is given once a frame of this batch, an empty one if need be, has shown
    /// that the partition is still this process's.
    /// </summary>
    public void Confirm(Partition partition)
    {
        if (log.IsShared) FrameOf(partition);
    }

    /// <summary>Where a message lies among the bodies of the partition's frame; written there once, however often it is asked for in a row.</summary>
    public (int Offset, int Bytes) BodyOf(Partition partition, Message message)
    {
        var frame = FrameOf(partition);
        if (!ReferenceEquals(partition.LastBody, message))
        {
            var start = frame.Bodies.Length;
            MessageCodec.Write(frame.Bodies, message);
            (partition.LastBody, partition.LastBodyAt, partition.LastBodyBytes) = (message, start, frame.Bodies.Length - start);
        }
        return (partition.LastBodyAt, partition.LastBodyBytes);
    }

    /// <summary>Puts a message into the partition's frame as it lies in the log.</summary>
    /// <returns>Where it lies there.</returns>
    public int CopyBody(Partition partition, ReadOnlySpan<byte> part)
    {
        var frame = FrameOf(partition);
        frame.Bodies.Bytes(part);
        return frame.Bodies.Length - part.Length;
    }

    Frame FrameOf(Partition partition)
    {
        if (partition.IsInBatch) return partition.Frame;
        partition.IsInBatch = true;
        partition.BodiesAt = log.NextAddress(partition.Number);
        _partitions.Add(partition);
        _frames.Frames.Add(partition.Frame);
        return partition.Frame;
    }

    /// <summary>The mailbox changes: when that is stored, its readers are told.</summary>
    public void Touch(LiveMailbox mailbox)
    {
        if (mailbox.IsTouched) return;
        mailbox.IsTouched = true;
        _touched.Add(mailbox);
    }

    /// <summary>Takes one message out of a mailbox. Its readers wait for this batch: they must not be told a gap that is not stored.</summary>
    public void RemoveMessage(LiveMailbox mailbox, long sequence, GapReason? reason)
    {
        Touch(mailbox);
        lock (mailbox)
        {
            mailbox.BeginLosing();
            if (mailbox.State.Entries[mailbox.State.IndexOf(sequence)].IsVolatile) mailbox.Partition.State.Tables.RemoveMessage(mailbox.Slot, sequence, reason);
            else Do(mailbox.Partition, new MessageRemovedRecord(mailbox.Slot, sequence, reason), Durability.Process);
        }
    }

    public void NoteRemoved(LiveMailbox mailbox, Ending why) => _removed.Add((mailbox, why));

    public void Tell(MailboxName mailbox, MailboxEventKind kind) => _events.Add(new(mailbox, kind, Now));

    public void Clear()
    {
        foreach (var mailbox in _touched) mailbox.IsTouched = false;
        foreach (var partition in _partitions) partition.EndBatch();
        _touched.Clear();
        _removed.Clear();
        _events.Clear();
        _started.Clear();
        _partitions.Clear();
        RecordedEvents = 0;
        _frames.Frames.Clear();
        _frames.Durability = Durability.Memory;
    }
}
