namespace Mailbox.Engine;

/// <summary>How a mailbox is opened (spec M2, M7, M8, M14). In the writer's turn, so that nothing comes between replay and live (M9).</summary>
static class Opening
{
    public static OpenResult Open(Batch batch, MailboxEngine engine, MailboxName name, OpenRequest request, IReaderSignal? signal)
    {
        if (!engine.Table.Owns(name)) return new(OpenOutcome.Unavailable);
        var mailbox = engine.Table.FindOrMake(name);
        if (MustStayAway(mailbox, request)) return new(OpenOutcome.StayAway);
        if (request.Conflict == ConflictPolicy.Reject && mailbox.Readers.Exists(other => !IsSameClient(other, request))) return new(OpenOutcome.Conflict);
        EndOthers(mailbox, request);
        lock (mailbox) return new(OpenOutcome.Opened, Start(batch, engine, mailbox, request, signal));
    }

    /// <summary>Who was taken over may come again when asked to, not by itself, nor while the one that took over is there.</summary>
    static bool MustStayAway(LiveMailbox mailbox, OpenRequest request)
    {
        if (request.Client is not { } client || mailbox.Displaced?.Contains(client) != true) return false;
        if (request.Returning || (mailbox.IsHeld && request.Conflict != ConflictPolicy.Takeover)) return true;
        mailbox.Displaced.Remove(client);
        return false;
    }

    static void EndOthers(LiveMailbox mailbox, OpenRequest request)
    {
        foreach (var other in mailbox.Readers.ToArray())
        {
            if (IsSameClient(other, request)) Leave(mailbox, other, Ending.Replaced);
            else if (request.Conflict == ConflictPolicy.Takeover) TakeOver(mailbox, other);
        }
    }

    static void TakeOver(LiveMailbox mailbox, MailboxReader other)
    {
        if (other.Client is { } client) (mailbox.Displaced ??= []).Add(client);
        Leave(mailbox, other, Ending.TakenOver);
    }

    static void Leave(LiveMailbox mailbox, MailboxReader reader, Ending why)
    {
        reader.End(why);
        lock (mailbox) mailbox.Readers.Remove(reader);
    }

    static bool IsSameClient(MailboxReader other, OpenRequest request) => request.Client is not null && other.Client == request.Client;

    static MailboxReader Start(Batch batch, MailboxEngine engine, LiveMailbox mailbox, OpenRequest request, IReaderSignal? signal)
    {
        if (request.After is { } after && ReaderStart.IsOf(mailbox, after)) Acknowledging.Acknowledge(batch, mailbox, after.Sequence, Durability.Process);
        var reader = new MailboxReader(mailbox, engine, request, ReaderStart.Of(mailbox, request)) { Signal = signal };
        if (signal is not null) Hold(batch, engine, mailbox, reader);
        if (request.Idle is { } idle) Lifetime.SetIdle(batch, mailbox, idle);
        else Lifetime.ReaderSeen(batch, mailbox);
        return reader;
    }

    static void Hold(Batch batch, MailboxEngine engine, LiveMailbox mailbox, MailboxReader reader)
    {
        engine.Meter.Connections++;
        mailbox.Readers.Add(reader);
        if (mailbox.IsAnnounced) return;
        mailbox.IsAnnounced = true;
        batch.Tell(mailbox, MailboxEventKind.Connected);
    }

    /// <summary>A connection has gone. The mailbox lives on for its idle time.</summary>
    public static bool Close(Batch batch, MailboxEngine engine, MailboxReader reader)
    {
        var mailbox = reader.Live;
        engine.Meter.Connections--;
        lock (mailbox)
        {
            if (!mailbox.Readers.Remove(reader) || mailbox.IsGone) return false;
            mailbox.Cool();
            if (mailbox.State.Marks.Acknowledged > mailbox.State.Trimmed) batch.Trim(mailbox, Durability.Process);
            if (mailbox.IsHeld) return true;
            Lifetime.ReaderSeen(batch, mailbox);
        }
        engine.Maintenance.NoteLeft(mailbox, batch.NowMilliseconds);
        return true;
    }
}
