using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Station 9: how a mailbox is opened (spec M2, M7, M8, M14). In the writer's turn, so that nothing comes between replay and live (M9).</summary>
sealed class OpenOperation(MailboxEngine engine, MailboxName name, OpenRequest request, IReaderSignal? signal) : AnsweredOperation<OpenResult>
{
    // Others end once this open is stored, and what else it changed is remembered in case that it is not.
    readonly List<(MailboxReader Reader, Ending Why)> _ended = [];
    LiveMailbox? _mailbox;
    string[] _displacedBefore = [];
    bool _hasAnnounced;

    public override Priority Priority => Priority.Inline;

    public override void Plan(Batch batch)
    {
        Partition = engine.Partitions.Find(name);
        Planned = Partition is null ? new(OpenOutcome.Unavailable) : Open(batch, Partition);
    }

    public override void Withdraw()
    {
        if (_mailbox is not { } mailbox) return;
        lock (mailbox)
        {
            if (Planned.Reader is MailboxReader reader) mailbox.Readers.Remove(reader);
            // One that was closed meanwhile has left for good.
            foreach (var (other, _) in _ended)
                if (other.IsOpen) mailbox.Readers.Add(other);
            mailbox.Displaced = _displacedBefore;
        }
        if (_hasAnnounced) mailbox.IsAnnounced = false;
        _ended.Clear();
        (_mailbox, _hasAnnounced, Planned) = (null, false, default);
    }

    public override void Succeed(Batch batch)
    {
        var isFenced = Partition is { IsFenced: true };
        foreach (var (other, why) in _ended) other.End(isFenced ? Ending.Moved : why);
        if (!isFenced && Planned.Reader is not null && signal is not null) engine.Meter.CountConnection(1);
        base.Succeed(batch);
    }

    /// <summary>Nobody waits for the reader any more.</summary>
    public async Task CloseOnceOpenedAsync() => (await Answer.ConfigureAwait(false)).Reader?.Close();

    protected override OpenResult Refuse(Outcome why) => new(why == Outcome.Stopping ? OpenOutcome.Stopping : OpenOutcome.Unavailable);

    ConflictPolicy Conflict => request.Resumes ? ConflictPolicy.Share : request.Conflict;

    OpenResult Open(Batch batch, Partition partition)
    {
        var mailbox = engine.Mailboxes.FindOrMake(batch, partition, name);
        (_mailbox, _displacedBefore) = (mailbox, mailbox.Displaced);
        if (!request.Resumes && MustStayAway(mailbox)) return new(OpenOutcome.StayAway);
        if (Conflict == ConflictPolicy.Reject && mailbox.Readers.Exists(other => other.IsOpen && !IsSameClient(other))) return new(OpenOutcome.Conflict);
        foreach (var other in mailbox.Readers.ToArray())
        {
            // One that has closed was not taken over: it is about to be taken out.
            if (!other.IsOpen) continue;
            if (IsSameClient(other)) Leave(mailbox, other, Ending.Replaced);
            else if (Conflict == ConflictPolicy.Takeover)
            {
                if (other.Client is { } client) Displace(mailbox, client);
                Leave(mailbox, other, Ending.TakenOver);
            }
        }
        lock (mailbox) return new(OpenOutcome.Opened, Start(batch, mailbox));
    }

    /// <summary>A client that was taken over may come again when asked to, not by itself, nor while the one that took over is there.</summary>
    bool MustStayAway(LiveMailbox mailbox)
    {
        if (request.Client is not { } client || !mailbox.Displaced.Contains(client)) return false;
        if (request.Returning || (mailbox.Connections > 0 && request.Conflict != ConflictPolicy.Takeover)) return true;
        mailbox.Displaced = [.. mailbox.Displaced.Where(other => other != client)];
        return false;
    }

    /// <summary>Of too many the oldest is forgotten.</summary>
    static void Displace(LiveMailbox mailbox, string client) =>
        mailbox.Displaced = [.. mailbox.Displaced.Where(other => other != client).TakeLast(LiveMailbox.MostDisplaced - 1), client];

    void Leave(LiveMailbox mailbox, MailboxReader reader, Ending why)
    {
        _ended.Add((reader, why));
        lock (mailbox) mailbox.Readers.Remove(reader);
    }

    bool IsSameClient(MailboxReader other) => request.Client is not null && other.Client == request.Client;

    MailboxReader Start(Batch batch, LiveMailbox mailbox)
    {
        if (!request.Resumes && request.After is { } after && ReaderStart.IsOf(mailbox, after))
            Acknowledging.Acknowledge(batch, mailbox, after.Sequence, Durability.Process);
        var start = ReaderStart.Of(mailbox, request, batch.NowTick);
        // A position that is not known here may be of an owner since: a commit shows that there is none before the reader is told so.
        if (start.UnknownPosition is not null) batch.Confirm(mailbox.Partition);
        var reader = new MailboxReader(mailbox, engine, request, start) { Signal = signal };
        if (signal is not null)
        {
            mailbox.Readers.Add(reader);
            if (!mailbox.IsAnnounced)
            {
                mailbox.IsAnnounced = _hasAnnounced = true;
                if (!request.Resumes) batch.Tell(mailbox.Name, MailboxEventKind.Connected);
            }
        }
        if (request.Idle is { } idle) Lifetime.SetIdle(batch, mailbox, idle);
        else Lifetime.ReaderSeen(batch, mailbox);
        return reader;
    }
}

/// <summary>A held connection has gone. The mailbox lives on for its idle time.</summary>
sealed class LeaveOperation(MailboxEngine engine, MailboxReader reader) : Operation
{
    // A poller is back soon: then the mailbox was held all the time, and there is nothing to store.
    public override Priority Priority => Priority.Deferred;

    public override void Plan(Batch batch)
    {
        var mailbox = reader.Live;
        lock (mailbox)
        {
            if (!LetGo(mailbox) || mailbox.IsGone) return;
            mailbox.UsedAt = batch.NowMilliseconds;
            mailbox.EvictBodies();
            if (mailbox.State.Marks.Acknowledged > mailbox.State.Trimmed) Acknowledging.Trim(batch, mailbox, Durability.Process);
            if (mailbox.IsHeld) return;
            Lifetime.ReaderSeen(batch, mailbox);
        }
        engine.Maintenance.NoteLeft(mailbox, batch.NowMilliseconds);
    }

    public override void Succeed(Batch batch)
    {
    }

    public override void Fail(Outcome why)
    {
        // Of an engine that stops nothing is left to take out, and this is not the writer's turn.
        if (why == Outcome.Stopping) return;
        // Stored or not, planned or not: it has gone, and the mailbox's idle time has begun.
        var (mailbox, now) = (reader.Live, engine.Clock.Now.ToUnixTimeMilliseconds());
        lock (mailbox)
        {
            LetGo(mailbox);
            if (mailbox.IsHeld || mailbox.IsGone) return;
            mailbox.Deadline = Math.Max(mailbox.Deadline, now + (long)mailbox.State.Options.Idle.TotalMilliseconds);
        }
        engine.Maintenance.NoteLeft(mailbox, now);
    }

    /// <returns>False where it had lost the mailbox before it closed.</returns>
    bool LetGo(LiveMailbox mailbox) => mailbox.Readers.Remove(reader) || reader.Ending is null;
}

/// <summary>Station 9: acknowledgements, cumulative, the mailbox's, never back (spec M7).</summary>
static class Acknowledging
{
    public static AcknowledgeOutcome Acknowledge(Batch batch, MailboxEngine engine, Partition partition, MailboxName name, Position position)
    {
        if (engine.Mailboxes.Find(batch, partition, name) is not { } mailbox)
        {
            batch.Confirm(partition);
            return AcknowledgeOutcome.NotFound;
        }
        lock (mailbox)
        {
            if (!ReaderStart.IsOf(mailbox, position))
            {
                batch.Confirm(partition);
                return AcknowledgeOutcome.BadPosition;
            }
            Acknowledge(batch, mailbox, position.Sequence, Durability.Disk);
            Lifetime.ReaderSeen(batch, mailbox);
        }
        return AcknowledgeOutcome.Acknowledged;
    }

    /// <summary>Called under <c>lock (mailbox)</c>.</summary>
    public static void Acknowledge(Batch batch, LiveMailbox mailbox, long sequence, Durability durability)
    {
        if (sequence <= mailbox.State.Marks.Acknowledged) return;
        var trim = mailbox.Readers.Count == 0 ? sequence : mailbox.Readers.Min(static reader => reader.WrittenThrough);
        Store(batch, mailbox, sequence, Math.Min(sequence, trim), durability);
    }

    /// <summary>Lets go of what is acknowledged and needed by no connection. Called under <c>lock (mailbox)</c>.</summary>
    public static void Trim(Batch batch, LiveMailbox mailbox, Durability durability) =>
        Store(batch, mailbox, mailbox.State.Marks.Acknowledged, mailbox.TrimLimit(), durability);

    static void Store(Batch batch, LiveMailbox mailbox, long sequence, long trim, Durability durability)
    {
        batch.Touch(mailbox);
        batch.Do(mailbox.Partition, new AcknowledgedRecord(mailbox.Slot, sequence, trim), durability);
    }
}
