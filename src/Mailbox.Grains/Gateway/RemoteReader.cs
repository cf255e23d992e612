namespace Mailbox.Grains;

/// <summary>Something that was pushed to a reader.</summary>
/// <param name="Before">The reader's position before it.</param>
readonly record struct Pushed(Position Before, Received Received, Ending? Ending);

/// <summary>
/// A reader whose mailbox is at a silo. What it is given follows on what it had, or it takes nothing and attaches again: a batch that is
/// lost or comes twice can delay, never skip or repeat. The connection notices neither that nor the moving of the mailbox.
/// </summary>
sealed class RemoteReader(RemoteReaders readers, long id, MailboxName mailbox, OpenRequest request, IReaderSignal? signal) : IMailboxReader
{
    readonly Lock _gate = new();
    List<Received>? _buffer;
    List<Pushed>? _early;
    Position _received;
    Position _written;
    Ending? _ending;
    SiloSession? _session;
    int _generation;
    bool _hasStarted;
    bool _isArmed;
    bool _isClosed;

    public long Id => id;

    public MailboxName Mailbox => mailbox;

    public Position Position { get; private set; }

    public Ending? Ending { get; private set; }

    public bool IsClosed => Volatile.Read(ref _isClosed);

    bool HasNews => _buffer is { Count: > 0 } || _ending is not null;

    /// <summary>Begins to attach, for the first time or again; what is pushed to a former attachment is not taken any more.</summary>
    public AttachRequest NewAttachment()
    {
        lock (_gate)
        {
            (_session, _early) = (null, null);
            return new(mailbox, new(id, ++_generation), _hasStarted ? request with { After = Position, Resumes = true } : request, signal is not null);
        }
    }

    /// <summary>The silo has answered.</summary>
    /// <returns>False where the attachment is not wanted any more: the silo must be told.</returns>
    public bool Attach(AttachmentKey key, Attached attached, SiloSession session)
    {
        bool tell, isLost;
        lock (_gate)
        {
            if (_isClosed || key.Generation != _generation) return false;
            if (!_hasStarted) Position = _written = attached.Start;
            (_hasStarted, _session, _received) = (true, session, attached.Start);
            foreach (var item in attached.Items) Take(item.ToReceived());
            isLost = !(attached.Ending is not { } ending || End(ending)) || !TakeEarly();
            tell = Disarm();
        }
        Raise(tell, isLost);
        return true;
    }

    /// <summary>What was pushed before the answer to the attach arrived.</summary>
    bool TakeEarly()
    {
        var early = _early;
        _early = null;
        foreach (var pushed in early ?? [])
            if (!Follow(pushed)) return false;
        return true;
    }

    /// <summary>Station 6: something was pushed.</summary>
    /// <returns>False where this attachment is not known.</returns>
    public bool Push(AttachmentKey key, in Pushed pushed)
    {
        var (tell, isLost) = (false, false);
        lock (_gate)
        {
            if (_isClosed || key.Generation != _generation) return false;
            if (_session is null) (_early ??= []).Add(pushed);
            else isLost = !Follow(pushed);
            tell = Disarm();
        }
        Raise(tell, isLost);
        return true;
    }

    /// <returns>False where it must attach again.</returns>
    bool Follow(in Pushed pushed)
    {
        if (pushed.Ending is { } ending) return End(ending);
        if (pushed.Before != _received) return Detach();
        Take(pushed.Received);
        return true;
    }

    bool End(Ending why)
    {
        if (why == global::Mailbox.Ending.Moved) return Detach();
        _ending = why;
        return true;
    }

    void Take(in Received received)
    {
        (_buffer ??= []).Add(received);
        _received = received.Position;
    }

    /// <summary>From here on what is pushed is not known. What was not yet taken will come again.</summary>
    bool Detach()
    {
        (_session, _buffer) = (null, null);
        _generation++;
        return false;
    }

    bool Disarm()
    {
        if (!_isArmed || !HasNews) return false;
        _isArmed = false;
        return true;
    }

    void Raise(bool tell, bool isLost)
    {
        if (tell) signal!.Ready();
        if (isLost && signal is not null) readers.Reattach(this);
    }

    /// <summary>To be attached again, if it is attached in this session.</summary>
    public void Lose(SiloSession session)
    {
        lock (_gate)
        {
            if (_isClosed || _ending is not null || _session != session) return;
            Detach();
        }
        Raise(tell: false, isLost: true);
    }

    public ReadStatus TryRead(ICollection<Received> into)
    {
        lock (_gate)
        {
            if (_buffer is { Count: > 0 }) return TakeBuffered(into);
            _isArmed = _ending is null;
            Ending = _ending;
            return _isArmed ? ReadStatus.Empty : ReadStatus.Ended;
        }
    }

    ReadStatus TakeBuffered(ICollection<Received> into)
    {
        var taken = 0;
        for (; taken < _buffer!.Count; taken++)
        {
            var received = _buffer[taken];
            if (request.GapsFirst && received.Gap is not null && into.Count > 0) break;
            into.Add(received);
            Position = received.Position;
        }
        if (taken == _buffer.Count) _buffer = null;
        else _buffer.RemoveRange(0, taken);
        return taken > 0 ? ReadStatus.Read : ReadStatus.WindowFull;
    }

    /// <summary>Bodies come with what is pushed: nothing is ever cold here.</summary>
    public ValueTask LoadAsync(CancellationToken cancel = default) => default;

    public void Written()
    {
        lock (_gate) _written = Position;
        Report();
    }

    public void Close()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
        }
        Report();
        readers.Remove(this);
    }

    void Report()
    {
        SiloSession? session;
        ReaderReport report;
        lock (_gate) (session, report) = (_session, new(new(id, _generation), _written, _isClosed));
        session?.Report(report);
    }
}
