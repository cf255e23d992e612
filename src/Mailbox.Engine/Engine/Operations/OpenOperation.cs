namespace Mailbox.Engine;

/// <summary>Station 9: how a mailbox is opened (spec M2, M7, M8, M14). In the writer's turn, so that nothing comes between replay and live (M9).</summary>
sealed class OpenOperation(MailboxEngine engine, MailboxName name, OpenRequest request, IReaderSignal? signal) : AnsweredOperation<OpenResult>
{
    // Others end once this open is stored, and what else it changed is remembered in case that it is not.
    readonly List<(MailboxReader Reader, Ending Why)> _ended = [];
    LiveMailbox? _mailbox;
    string[] _displacedBefore = [];
    bool _hasAnnounced;

    public override bool Relieves => true;

    public override Urgency Urgency => Urgency.Brief;

    public override void Plan(Batch batch)
    {
        Forget();
        Planned = Open(batch);
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
        }
        if (_hasAnnounced) mailbox.IsAnnounced = false;
        mailbox.RestoreDisplaced(_displacedBefore);
        Forget();
    }

    public override void Succeed(Batch batch)
    {
        var isLost = batch.Records.Fenced?.Any(handle => DependsOn(handle.Name)) == true;
        foreach (var (other, why) in _ended) other.End(isLost ? Ending.Moved : why);
        if (!isLost && Planned.Reader is not null && signal is not null) engine.Meter.CountConnection(1);
        base.Succeed(batch);
    }

    protected override bool DependsOn(MailboxName mailbox) => mailbox == name;

    /// <summary>Nobody waits for the reader any more.</summary>
    public async Task CloseOnceOpenedAsync() => (await Answer.ConfigureAwait(false)).Reader?.Close();

    protected override OpenResult Refuse(Outcome why) => new(why == Outcome.Stopping ? OpenOutcome.Stopping : OpenOutcome.Unavailable);

    ConflictPolicy Conflict => request.Resumes ? ConflictPolicy.Share : request.Conflict;

    OpenResult Open(Batch batch)
    {
        if (!engine.Table.Owns(name)) return new(OpenOutcome.Unavailable);
        var mailbox = engine.Table.FindOrMake(name);
        (_mailbox, _displacedBefore) = (mailbox, mailbox.Displaced);
        if (!request.Resumes && MustStayAway(mailbox)) return new(OpenOutcome.StayAway);
        if (Conflict == ConflictPolicy.Reject && mailbox.Readers.Exists(other => other.IsOpen && !IsSameClient(other))) return new(OpenOutcome.Conflict);
        EndOthers(mailbox);
        lock (mailbox) return new(OpenOutcome.Opened, Start(batch, mailbox));
    }

    /// <summary>Who was taken over may come again when asked to, not by itself, nor while the one that took over is there.</summary>
    bool MustStayAway(LiveMailbox mailbox)
    {
        if (request.Client is not { } client || !mailbox.Displaced.Contains(client)) return false;
        if (request.Returning || (mailbox.Connections > 0 && request.Conflict != ConflictPolicy.Takeover)) return true;
        mailbox.Readmit(client);
        return false;
    }

    void EndOthers(LiveMailbox mailbox)
    {
        foreach (var other in mailbox.Readers.ToArray())
        {
            // Who has closed was not taken over: it is about to be taken out.
            if (!other.IsOpen) continue;
            if (IsSameClient(other)) Leave(mailbox, other, Ending.Replaced);
            else if (Conflict == ConflictPolicy.Takeover) TakeOver(mailbox, other);
        }
    }

    void TakeOver(LiveMailbox mailbox, MailboxReader other)
    {
        if (other.Client is { } client) mailbox.Displace(client);
        Leave(mailbox, other, Ending.TakenOver);
    }

    void Leave(LiveMailbox mailbox, MailboxReader reader, Ending why)
    {
        _ended.Add((reader, why));
        lock (mailbox) mailbox.Readers.Remove(reader);
    }

    void Forget()
    {
        _ended.Clear();
        (_mailbox, _displacedBefore, _hasAnnounced, Planned) = (null, [], false, default);
    }

    bool IsSameClient(MailboxReader other) => request.Client is not null && other.Client == request.Client;

    MailboxReader Start(Batch batch, LiveMailbox mailbox)
    {
        if (!request.Resumes && request.After is { } after && ReaderStart.IsOf(mailbox, after)) Acknowledging.Acknowledge(batch, mailbox, after.Sequence, Durability.Process);
        var start = ReaderStart.Of(mailbox, request, batch.NowTick);
        // A position that is not known here may be of an owner since: the store says so before the reader is told that it is strange.
        if (start.Strange is not null && !engine.Options.OwnsAll) Lifetime.Confirm(batch, mailbox);
        var reader = new MailboxReader(mailbox, engine, request, start) { Signal = signal };
        if (signal is not null) Hold(batch, mailbox, reader);
        if (request.Idle is { } idle) Lifetime.SetIdle(batch, mailbox, idle);
        else Lifetime.ReaderSeen(batch, mailbox);
        return reader;
    }

    void Hold(Batch batch, LiveMailbox mailbox, MailboxReader reader)
    {
        mailbox.Readers.Add(reader);
        if (mailbox.IsAnnounced) return;
        mailbox.IsAnnounced = _hasAnnounced = true;
        if (!request.Resumes) batch.Tell(mailbox, MailboxEventKind.Connected);
    }
}
