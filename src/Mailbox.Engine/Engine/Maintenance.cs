using System.Collections.Concurrent;
using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// What is done every <see cref="EngineOptions.MaintainEvery"/> in the writer's turn: marks are stored (spec M8), living streams
/// acknowledge (M7), the overdue go (M15), disconnections are told (M16), memory is given back.
/// </summary>
sealed class Maintenance(MailboxEngine engine) : Operation
{
    const int OverdueAtOnce = 1000;
    const int LookedAtAtOnce = 20_000;

    // A tick that comes later than this after its time counts as a suspension. A shorter one is not noticed, so streams acknowledge so much later: in this time
    // an end that the system knew of before reaches its reader.
    static readonly TimeSpan s_slack = TimeSpan.FromSeconds(1);

    readonly ConcurrentQueue<LiveMailbox> _dirty = new();
    readonly ConcurrentQueue<MailboxReader> _written = new();
    readonly PriorityQueue<MailboxReader, long> _pending = new();
    readonly Queue<(LiveMailbox Mailbox, long LeftAt)> _left = new();
    readonly List<(LiveMailbox Mailbox, long UsedAt)> _unused = [];
    readonly List<(MailboxReader Reader, long Acknowledged)> _acknowledged = [];
    readonly List<LiveMailbox> _marked = [];
    readonly List<(LiveMailbox Mailbox, long LeftAt)> _told = [];
    long _tickedAt;
    long _resumedAt;
    int _next;

    /// <summary>The marks of this mailbox have moved. Any thread, under <c>lock (mailbox)</c>.</summary>
    public void NoteDirty(LiveMailbox mailbox)
    {
        if (mailbox.IsDirty) return;
        mailbox.IsDirty = true;
        _dirty.Enqueue(mailbox);
    }

    /// <summary>What this reader wrote counts as acknowledged later if it lives. Any thread.</summary>
    public void NotePendingAck(MailboxReader reader) => _written.Enqueue(reader);

    /// <summary>The last connection left. In the writer's turn.</summary>
    public void NoteLeft(LiveMailbox mailbox, long at)
    {
        mailbox.LeftAt = at;
        _left.Enqueue((mailbox, at));
    }

    public override void Plan(Batch batch)
    {
        Forget();
        AcknowledgeImplicitly(batch);
        StoreMarks(batch);
        TellDisconnections(batch);
        RemoveOverdue(batch);
        LookAtSome(batch);
    }

    public override void Withdraw()
    {
        foreach (var (reader, acknowledged) in _acknowledged)
        {
            lock (reader.Live)
            {
                // A reader stands in the queue once, while PendingImplicitAck is set.
                if (reader.PendingImplicitAck == 0) _pending.Enqueue(reader, 0);
                reader.PendingImplicitAck = acknowledged;
            }
        }
        foreach (var mailbox in _marked)
            lock (mailbox) NoteDirty(mailbox);
        foreach (var (mailbox, leftAt) in _told)
        {
            mailbox.IsAnnounced = true;
            _left.Enqueue((mailbox, leftAt));
        }
        Forget();
    }

    void Forget()
    {
        _acknowledged.Clear();
        _marked.Clear();
        _told.Clear();
        _unused.Clear();
    }

    public override void Succeed(Batch batch)
    {
        foreach (var (mailbox, usedAt) in _unused)
            if (mailbox.UsedAt == usedAt && !mailbox.IsGone && !mailbox.IsDirty && !mailbox.IsHeld) engine.Mailboxes.Evict(mailbox);
        engine.NoteMaintained();
    }

    public override void Fail(Outcome why) => engine.NoteMaintained();

    void AcknowledgeImplicitly(Batch batch)
    {
        var after = (long)(engine.Options.AcknowledgeAfter + s_slack).TotalMilliseconds;
        while (_written.TryDequeue(out var reader)) _pending.Enqueue(reader, reader.WrittenAt + after);
        // Also here: a pass that waited may be the first to run after a suspension.
        NotePause(batch.NowMilliseconds);
        if (batch.NowMilliseconds < Volatile.Read(ref _resumedAt) + after) return;
        while (_pending.TryPeek(out var reader, out var due) && due <= batch.NowMilliseconds)
        {
            _pending.Dequeue();
            lock (reader.Live) AcknowledgeImplicitly(batch, reader, after);
        }
    }

    /// <summary>The timer's, by any thread: it goes on while a slow log has the writer's turn, so a pass that is late by itself is no suspension.</summary>
    public void Tick(long now)
    {
        NotePause(now);
        Volatile.Write(ref _tickedAt, now);
    }

    /// <summary>
    /// While the process or the machine was suspended, or the clock was set forward, nothing was seen of the streams, and what ended meanwhile
    /// is not yet known. So the time begins again: in it a dead connection is found, however it died (spec M7).
    /// </summary>
    void NotePause(long now)
    {
        var allowed = (long)(engine.Options.MaintainEvery + s_slack).TotalMilliseconds;
        var tickedAt = Volatile.Read(ref _tickedAt);
        if (tickedAt != 0 && now - tickedAt > allowed) Volatile.Write(ref _resumedAt, now);
    }

    void AcknowledgeImplicitly(Batch batch, MailboxReader reader, long after)
    {
        var acknowledged = reader.PendingImplicitAck;
        reader.PendingImplicitAck = 0;
        if (!reader.IsOpen || reader.Live.IsGone) return;
        if (reader.Signal is IDistantSignal { HeardFor: var heardFor } && heardFor < engine.Options.AcknowledgeAfter)
        {
            // As after a pause of this process: a stream that ended while its gateway was silent is reported later, or found dead only then.
            reader.PendingImplicitAck = acknowledged;
            _pending.Enqueue(reader, batch.NowMilliseconds + after - (long)heardFor.TotalMilliseconds);
            return;
        }
        _acknowledged.Add((reader, acknowledged));
        Acknowledging.Acknowledge(batch, reader.Live, acknowledged, Durability.Process);
        if (reader.WrittenThrough <= acknowledged) return;
        reader.PendingImplicitAck = reader.WrittenThrough;
        _pending.Enqueue(reader, reader.WrittenAt + after);
    }

    void StoreMarks(Batch batch)
    {
        for (var count = _dirty.Count; count > 0 && _dirty.TryDequeue(out var mailbox); count--)
        {
            lock (mailbox)
            {
                mailbox.IsDirty = false;
                if (mailbox.IsGone) continue;
                _marked.Add(mailbox);
                WriteMarks(batch, mailbox);
            }
        }
        if (engine.HasUnsynced || batch.Frames.Durability > Durability.Memory) batch.Require(Durability.Disk);
    }

    static void WriteMarks(Batch batch, LiveMailbox mailbox)
    {
        batch.Do(mailbox.Partition, new WrittenMarkedRecord(mailbox.Slot, mailbox.State.Marks.Written), Durability.Process);
        if (mailbox.State.Marks.Acknowledged > mailbox.State.Trimmed && mailbox.TrimLimit() > mailbox.State.Trimmed)
            Acknowledging.Trim(batch, mailbox, Durability.Process);
    }

    void TellDisconnections(Batch batch)
    {
        var before = batch.NowMilliseconds - (long)engine.Options.DisconnectedAfter.TotalMilliseconds;
        while (_left.TryPeek(out var left) && left.LeftAt <= before)
        {
            _left.Dequeue();
            // One that came back and left again stands in the queue again, later.
            var (mailbox, at) = left;
            if (mailbox.IsHeld || mailbox.IsGone || !mailbox.IsAnnounced || mailbox.LeftAt != at) continue;
            mailbox.IsAnnounced = false;
            batch.Tell(mailbox.Name, MailboxEventKind.Disconnected);
            _told.Add((mailbox, at));
        }
    }

    /// <summary>Mailboxes without a live part, by their stored deadlines.</summary>
    void RemoveOverdue(Batch batch)
    {
        foreach (var partition in engine.Partitions.Owned)
        {
            var cursor = new DeadlineCursor(batch.NowMilliseconds, OverdueAtOnce);
            partition.Tables.Deadlines.Collect(cursor, LookedAtAtOnce);
            foreach (var name in cursor.Found) engine.Mailboxes.Find(batch, partition, name);
            if (partition.State.Channels.Copies is not { Count: > 0 } copies) continue;
            foreach (var (copy, ended) in copies)
                if (ended.Ends < batch.NowSeconds) copies.Remove(copy);
        }
    }

    /// <summary>A part of those with a live part, so that all are seen every few seconds: the due go, the unused give their memory back.</summary>
    void LookAtSome(Batch batch)
    {
        var all = engine.Mailboxes.All;
        for (var count = Math.Min(all.Count, Math.Max(LookedAtAtOnce, all.Count / 4)); count > 0 && all.Count > 0; count--)
        {
            if (_next <= 0 || _next > all.Count) _next = all.Count;
            var mailbox = all[--_next];
            if (mailbox.IsDue(batch.NowMilliseconds))
            {
                engine.Mailboxes.Remove(batch, mailbox, MailboxEventKind.Expired);
                continue;
            }
            var isUnused = !mailbox.IsHeld && !mailbox.IsTouched && !mailbox.IsDirty && !mailbox.IsAnnounced && !mailbox.HasVolatile()
                && batch.NowMilliseconds - mailbox.UsedAt >= (long)engine.Options.CollectAfter.TotalMilliseconds;
            if (!isUnused) continue;
            lock (mailbox)
            {
                ReleaseNumbers(batch, mailbox);
                Lifetime.StoreExactly(batch, mailbox);
            }
            _unused.Add((mailbox, mailbox.UsedAt));
        }
    }

    /// <summary>Everything that is only in memory is written: the partition moves, or the process ends. Connections count as gone (spec M15).</summary>
    public static void HandOver(Batch batch, LiveMailbox mailbox)
    {
        if (mailbox.IsHeld) Lifetime.LeftBy(batch, mailbox);
        ReleaseNumbers(batch, mailbox);
        WriteMarks(batch, mailbox);
        Lifetime.StoreExactly(batch, mailbox);
    }

    /// <summary>Gives back numbers that were reserved and not given out.</summary>
    public static void ReleaseNumbers(Batch batch, LiveMailbox mailbox)
    {
        var marks = mailbox.State.Marks;
        if (marks.Reserved > marks.Tail) batch.Do(mailbox.Partition, new NumbersReservedRecord(mailbox.Slot, marks.Tail, Durability.Memory), Durability.Process);
        if (marks.Unsynced > marks.Tail) batch.Do(mailbox.Partition, new NumbersReservedRecord(mailbox.Slot, marks.Tail, Durability.Process), Durability.Process);
    }
}
