using System.Collections.Concurrent;
using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// What is done every <see cref="EngineOptions.MaintainEvery"/> in the writer's turn: marks are stored (spec M8), living streams
/// acknowledge (M7), the overdue go (M15), those who left are told of (M16), memory is given back.
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
    readonly PriorityQueue<MailboxReader, long> _maturing = new();
    readonly Queue<(LiveMailbox Mailbox, long LeftAt)> _left = new();
    readonly List<(LiveMailbox Mailbox, long UsedAt)> _unused = [];
    readonly List<(MailboxReader Reader, long Matured)> _matured = [];
    readonly List<LiveMailbox> _marked = [];
    readonly List<(LiveMailbox Mailbox, long LeftAt)> _told = [];
    long _tickedAt;
    long _resumedAt;
    int _next;

    public override bool Relieves => true;

    /// <summary>The marks of this mailbox have moved. Any thread, under <c>lock (mailbox)</c>.</summary>
    public void NoteDirty(LiveMailbox mailbox)
    {
        if (mailbox.IsDirty) return;
        mailbox.IsDirty = true;
        _dirty.Enqueue(mailbox);
    }

    /// <summary>What this reader wrote begins to mature into an acknowledgement. Any thread.</summary>
    public void NoteMaturing(MailboxReader reader) => _written.Enqueue(reader);

    /// <summary>The last connection left. In the writer's turn.</summary>
    public void NoteLeft(LiveMailbox mailbox, long at)
    {
        mailbox.LeftAt = at;
        _left.Enqueue((mailbox, at));
    }

    public override void Plan(Batch batch)
    {
        Forget();
        Mature(batch);
        StoreMarks(batch);
        TellWhoLeft(batch);
        RemoveOverdue(batch);
        LookAtSome(batch);
        engine.Table.CollectGroups(batch.NowMilliseconds - (long)engine.Options.CollectAfter.TotalMilliseconds);
    }

    public override void Withdraw()
    {
        foreach (var (reader, matured) in _matured) MatureAgain(reader, matured);
        foreach (var mailbox in _marked) DirtyAgain(mailbox);
        foreach (var (mailbox, leftAt) in _told) AnnouncedAgain(mailbox, leftAt);
        Forget();
    }

    void Forget()
    {
        _matured.Clear();
        _marked.Clear();
        _told.Clear();
        _unused.Clear();
    }

    public override void Succeed(Batch batch)
    {
        // Not before: what is stored of them here would be refused if somebody loaded them again in the same batch.
        foreach (var (mailbox, usedAt) in _unused)
            if (mailbox.UsedAt == usedAt && !mailbox.IsGone && !mailbox.IsDirty && !mailbox.IsHeld) engine.Table.Collect(mailbox);
        engine.NoteMaintained();
    }

    public override void Fail(Outcome why) => engine.NoteMaintained();

    void Mature(Batch batch)
    {
        var after = (long)(engine.Options.AcknowledgeAfter + s_slack).TotalMilliseconds;
        while (_written.TryDequeue(out var reader)) _maturing.Enqueue(reader, reader.WrittenAt + after);
        // Also here: a pass that waited may be the first to run after a suspension.
        NotePause(batch.NowMilliseconds);
        if (batch.NowMilliseconds < Volatile.Read(ref _resumedAt) + after) return;
        while (_maturing.TryPeek(out var reader, out var due) && due <= batch.NowMilliseconds)
        {
            _maturing.Dequeue();
            lock (reader.Live) Mature(batch, reader, after);
        }
    }

    /// <summary>The timer's, by any thread: it goes on while a slow store has the writer's turn, so a pass that is late by itself is no suspension.</summary>
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

    void Mature(Batch batch, MailboxReader reader, long after)
    {
        var matured = reader.Maturing;
        reader.Maturing = 0;
        if (!reader.IsOpen || reader.Live.IsGone) return;
        if (reader.Signal is IDistantSignal { HeardFor: var heardFor } && heardFor < engine.Options.AcknowledgeAfter)
        {
            // As after a pause of this process: a stream that ended while its gateway was silent is reported later, or found dead only then.
            reader.Maturing = matured;
            _maturing.Enqueue(reader, batch.NowMilliseconds + after - (long)heardFor.TotalMilliseconds);
            return;
        }
        _matured.Add((reader, matured));
        Acknowledging.Acknowledge(batch, reader.Live, matured, Durability.Process);
        if (reader.WrittenThrough <= matured) return;
        reader.Maturing = reader.WrittenThrough;
        _maturing.Enqueue(reader, reader.WrittenAt + after);
    }

    /// <summary>A reader stands in the queue once, while <see cref="MailboxReader.Maturing"/> is set.</summary>
    void MatureAgain(MailboxReader reader, long matured)
    {
        lock (reader.Live)
        {
            if (reader.Maturing == 0) _maturing.Enqueue(reader, 0);
            reader.Maturing = matured;
        }
    }

    void StoreMarks(Batch batch)
    {
        for (var count = _dirty.Count; count > 0 && _dirty.TryDequeue(out var mailbox); count--)
            lock (mailbox) StoreMarks(batch, mailbox);
        if (engine.HasUnsynced || batch.Records.Durability > Durability.Memory) batch.Require(Durability.Disk);
    }

    void StoreMarks(Batch batch, LiveMailbox mailbox)
    {
        mailbox.IsDirty = false;
        if (mailbox.IsGone) return;
        _marked.Add(mailbox);
        WriteMarks(batch, mailbox);
    }

    static void WriteMarks(Batch batch, LiveMailbox mailbox)
    {
        batch.Touch(mailbox);
        batch.Add(new WrittenMarked(mailbox.Handle, mailbox.State.Marks.Written), Durability.Process);
        if (mailbox.State.Marks.Acknowledged > mailbox.State.Trimmed && mailbox.TrimLimit() > mailbox.State.Trimmed)
            batch.Trim(mailbox, Durability.Process);
    }

    void DirtyAgain(LiveMailbox mailbox)
    {
        lock (mailbox) NoteDirty(mailbox);
    }

    void TellWhoLeft(Batch batch)
    {
        var before = batch.NowMilliseconds - (long)engine.Options.DisconnectedAfter.TotalMilliseconds;
        while (_left.TryPeek(out var left) && left.LeftAt <= before)
        {
            _left.Dequeue();
            // One that came back and left again stands in the queue again, later.
            var (mailbox, at) = left;
            if (mailbox.IsHeld || mailbox.IsGone || !mailbox.IsAnnounced || mailbox.LeftAt != at) continue;
            mailbox.IsAnnounced = false;
            batch.Tell(mailbox, MailboxEventKind.Disconnected);
            _told.Add((mailbox, at));
        }
    }

    void AnnouncedAgain(LiveMailbox mailbox, long leftAt)
    {
        mailbox.IsAnnounced = true;
        _left.Enqueue((mailbox, leftAt));
    }

    /// <summary>Those that are only in the store; where others share it, <see cref="Sweep"/> takes them first.</summary>
    void RemoveOverdue(Batch batch)
    {
        if (!engine.Options.OwnsAll) return;
        foreach (var name in engine.Store.Overdue(batch.Now, OverdueAtOnce)) engine.Table.Find(name);
    }

    /// <summary>A part of those in memory, so that all are seen every few seconds: the due go, the unused give their memory back.</summary>
    void LookAtSome(Batch batch)
    {
        var all = engine.Table.All;
        for (var count = Math.Min(all.Count, Math.Max(LookedAtAtOnce, all.Count / 4)); count > 0 && all.Count > 0; count--)
        {
            if (_next <= 0 || _next > all.Count) _next = all.Count;
            LookAt(batch, all[--_next]);
        }
    }

    void LookAt(Batch batch, LiveMailbox mailbox)
    {
        if (mailbox.IsDue(batch.NowMilliseconds)) engine.Table.Remove(mailbox, MailboxEventKind.Expired);
        else if (IsUnused(batch, mailbox)) Collect(batch, mailbox);
    }

    bool IsUnused(Batch batch, LiveMailbox mailbox) =>
        engine.Options.OwnsAll && !mailbox.IsHeld && !mailbox.IsTouched && !mailbox.IsDirty && !mailbox.IsAnnounced
        && batch.NowMilliseconds - mailbox.UsedAt >= (long)engine.Options.CollectAfter.TotalMilliseconds && !mailbox.HasVolatile();

    void Collect(Batch batch, LiveMailbox mailbox)
    {
        ReleaseNumbers(batch, mailbox);
        Lifetime.StoreExactly(batch, mailbox);
        _unused.Add((mailbox, mailbox.UsedAt));
    }

    /// <summary>Everything that is only in memory is written: another process will load the mailbox. Who holds it counts as gone (spec M15).</summary>
    public static void HandOver(Batch batch, LiveMailbox mailbox)
    {
        if (mailbox.IsHeld) Lifetime.LeftBy(batch, mailbox);
        ReleaseNumbers(batch, mailbox);
        WriteMarks(batch, mailbox);
        Lifetime.StoreExactly(batch, mailbox);
        batch.Add(new OwnershipReleased(mailbox.Handle), Durability.Process);
    }

    /// <summary>Gives back numbers that were reserved and not given out.</summary>
    public static void ReleaseNumbers(Batch batch, LiveMailbox mailbox)
    {
        var marks = mailbox.State.Marks;
        if (marks.Reserved > marks.Tail) ReleaseNumbers(batch, mailbox, Durability.Memory);
        if (marks.Unsynced > marks.Tail) ReleaseNumbers(batch, mailbox, Durability.Process);
    }

    static void ReleaseNumbers(Batch batch, LiveMailbox mailbox, Durability level)
    {
        batch.Touch(mailbox);
        var tail = mailbox.State.Marks.Tail;
        mailbox.State.Reserve(tail, level);
        batch.Add(new NumbersReserved(mailbox.Handle, tail, level), Durability.Process);
    }
}
