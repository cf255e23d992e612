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

    readonly ConcurrentQueue<LiveMailbox> _dirty = new();
    readonly ConcurrentQueue<MailboxReader> _written = new();
    readonly PriorityQueue<MailboxReader, long> _maturing = new();
    readonly Queue<(LiveMailbox Mailbox, long LeftAt)> _left = new();
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

    /// <summary>The last connection left. The writer's thread.</summary>
    public void NoteLeft(LiveMailbox mailbox, long at) => _left.Enqueue((mailbox, at));

    public override void Plan(Batch batch)
    {
        Mature(batch);
        StoreMarks(batch);
        TellWhoLeft(batch);
        RemoveOverdue(batch);
        LookAtSome(batch);
        engine.Table.CollectGroups(batch.NowMilliseconds - (long)engine.Options.CollectAfter.TotalMilliseconds);
    }

    public override void Succeed(Batch batch) => engine.NoteMaintained();

    public override void Fail(Outcome why) => engine.NoteMaintained();

    void Mature(Batch batch)
    {
        var after = (long)engine.Options.AcknowledgeAfter.TotalMilliseconds;
        while (_written.TryDequeue(out var reader)) _maturing.Enqueue(reader, reader.WrittenAt + after);
        while (_maturing.TryPeek(out var reader, out var due) && due <= batch.NowMilliseconds)
        {
            _maturing.Dequeue();
            lock (reader.Live) Mature(batch, reader, after);
        }
    }

    void Mature(Batch batch, MailboxReader reader, long after)
    {
        var matured = reader.Maturing;
        reader.Maturing = 0;
        if (!reader.IsOpen || reader.Live.IsGone) return;
        Acknowledging.Acknowledge(batch, reader.Live, matured, Durability.Process);
        if (reader.WrittenThrough <= matured) return;
        reader.Maturing = reader.WrittenThrough;
        _maturing.Enqueue(reader, reader.WrittenAt + after);
    }

    void StoreMarks(Batch batch)
    {
        for (var count = _dirty.Count; count > 0 && _dirty.TryDequeue(out var mailbox); count--)
            lock (mailbox) StoreMarks(batch, mailbox);
        if (engine.HasUnsynced || batch.Records.Durability > Durability.Memory) batch.Require(Durability.Disk);
    }

    static void StoreMarks(Batch batch, LiveMailbox mailbox)
    {
        mailbox.IsDirty = false;
        if (mailbox.IsGone) return;
        batch.Touch(mailbox);
        batch.Add(new WrittenMarked(mailbox.Handle, mailbox.State.Marks.Written), Durability.Process);
        if (mailbox.State.Marks.Acknowledged > mailbox.State.Trimmed && mailbox.TrimLimit() > mailbox.State.Trimmed)
            batch.Trim(mailbox, Durability.Process);
    }

    void TellWhoLeft(Batch batch)
    {
        var before = batch.NowMilliseconds - (long)engine.Options.DisconnectedAfter.TotalMilliseconds;
        while (_left.TryPeek(out var left) && left.LeftAt <= before)
        {
            _left.Dequeue();
            if (left.Mailbox.IsHeld || left.Mailbox.IsGone || !left.Mailbox.IsAnnounced) continue;
            left.Mailbox.IsAnnounced = false;
            batch.Tell(left.Mailbox, MailboxEventKind.Disconnected);
        }
    }

    /// <summary>Those that are only in the store.</summary>
    void RemoveOverdue(Batch batch)
    {
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
        !mailbox.IsHeld && !mailbox.IsTouched && !mailbox.IsDirty && !mailbox.IsAnnounced && mailbox.Displaced is null
        && batch.NowMilliseconds - mailbox.UsedAt >= (long)engine.Options.CollectAfter.TotalMilliseconds && !mailbox.HasVolatile();

    void Collect(Batch batch, LiveMailbox mailbox)
    {
        Release(batch, mailbox);
        engine.Table.Collect(mailbox);
    }

    /// <summary>Gives back numbers that were reserved and not given out.</summary>
    public static void Release(Batch batch, LiveMailbox mailbox)
    {
        var marks = mailbox.State.Marks;
        if (marks.Reserved <= marks.Tail) return;
        batch.Touch(mailbox);
        mailbox.State.Reserve(marks.Tail);
        batch.Add(new NumbersReserved(mailbox.Handle, marks.Tail), Durability.Process);
    }
}
