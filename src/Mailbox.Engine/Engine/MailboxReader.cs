using Mailbox.Storage;
using Why = Mailbox.Ending;

namespace Mailbox.Engine;

/// <summary>Station 4: the one way by which messages leave a mailbox. Its state is guarded by <c>lock (mailbox)</c>.</summary>
sealed class MailboxReader : IMailboxReader
{
    readonly LiveMailbox _mailbox;
    readonly MailboxEngine _engine;
    readonly OpenRequest _request;
    readonly long _floor;
    readonly long _connectedAt;
    Position? _strange;
    Gap? _epochGap;
    ReadPage? _page;
    ReadWindow _window;
    bool _isArmed;
    bool _isClosed;

    public MailboxReader(LiveMailbox mailbox, MailboxEngine engine, OpenRequest request, ReaderStart start)
    {
        (_mailbox, _engine, _request) = (mailbox, engine, request);
        _window = new(request.WindowMessages, request.WindowBytes);
        (Taken, _floor, _strange) = (start.Sequence, start.Floor, start.Strange);
        WrittenThrough = Math.Max(Taken, _floor);
        // A connection that is attached again held the mailbox before.
        _connectedAt = request.Resumes ? 0 : mailbox.State.Marks.Tail;
        if (_strange is { } old) _epochGap = new(old, mailbox.PositionOf(start.Sequence), GapReason.Epoch);
    }

    public IReaderSignal? Signal { get; init; }

    public string? Client => _request.Client;

    public bool AcknowledgesByLiving => _request.AcknowledgesByLiving;

    /// <summary>The last number that was taken.</summary>
    public long Taken { get; private set; }

    /// <summary>The last number that was flushed to the connection.</summary>
    public long WrittenThrough { get; private set; }

    /// <summary>When that was, in Unix milliseconds.</summary>
    public long WrittenAt { get; private set; }

    /// <summary>The number that will count as acknowledged if the stream lives; 0 while none waits.</summary>
    public long Maturing { get; set; }

    public bool IsOpen => !_isClosed && Ending is null;

    public LiveMailbox Live => _mailbox;

    public MailboxName Mailbox => _mailbox.Name;

    public Position Position => _strange ?? _mailbox.PositionOf(Taken);

    public Ending? Ending { get; private set; }

    /// <summary>What is stored and not yet taken.</summary>
    Span<MailboxEntry<Message?>> Ahead
    {
        get
        {
            var from = _mailbox.State.IndexAfter(Math.Max(Taken, _floor));
            return _mailbox.State.Entries[from..Math.Max(from, _mailbox.State.IndexAfter(_mailbox.Committed))];
        }
    }

    public ReadStatus TryRead(ICollection<Received> into)
    {
        lock (_mailbox)
        {
            if (Ending is not null) return ReadStatus.Ended;
            var before = into.Count;
            if (_epochGap is { } gap)
            {
                if (IsNextCold()) return ReadStatus.Cold;
                TellEpoch(gap, into);
            }
            var status = Take(into);
            if (into.Count > before) return ReadStatus.Read;
            _isArmed = status == ReadStatus.Empty;
            return status;
        }
    }

    void TellEpoch(Gap gap, ICollection<Received> into)
    {
        into.Add(new(gap.To, null, gap));
        (_epochGap, _strange) = (null, null);
    }

    ReadStatus Take(ICollection<Received> into)
    {
        var ahead = Ahead;
        // Every second call finds nothing, and the clock costs as much as the rest of it.
        var now = ahead.IsEmpty ? default : ExpiryTick.Now(_engine.Clock.Now);
        var expired = new GapBuilder();
        foreach (ref var entry in ahead)
        {
            if (IsOver(entry, now))
            {
                expired.Add(entry.Sequence, entry.Sequence, GapReason.Ttl);
                continue;
            }
            if (!_window.Admits(entry.Size)) return ReadStatus.WindowFull;
            if (BodyOf(entry) is not { } message) return _mailbox.IsGone ? ReadStatus.Empty : ReadStatus.Cold;
            if (!TellGap(entry.Sequence, ref expired, into)) return ReadStatus.WindowFull;
            TakeMessage(ref entry, message, into);
        }
        return TellGap(_mailbox.Committed + 1, ref expired, into) ? ReadStatus.Empty : ReadStatus.WindowFull;
    }

    /// <summary>Its time to live has ended: for all, or, where that is zero, for who connected after it came (RFC 8030 section 5.2).</summary>
    bool IsOver(in MailboxEntry<Message?> entry, uint now) => entry.Expires <= now || (entry.IsImmediate && entry.Sequence <= _connectedAt);

    bool IsNextCold()
    {
        var now = ExpiryTick.Now(_engine.Clock.Now);
        foreach (ref readonly var entry in Ahead)
            if (!IsOver(entry, now)) return BodyOf(entry) is null && !_mailbox.IsGone;
        return false;
    }

    /// <exception cref="StoreException">The store has lost what the mailbox keeps. Of a mailbox that goes it may: the reader is about to end.</exception>
    Message? BodyOf(in MailboxEntry<Message?> entry)
    {
        if ((entry.Body ?? _page?.Find(entry.Sequence)) is { } message) return message;
        if (_page?.HasAskedFor(entry.Sequence) != true || _mailbox.IsGone) return null;
        throw new StoreException($"Message {entry.Sequence} of {Mailbox} is kept but not in the store.");
    }

    void TakeMessage(ref MailboxEntry<Message?> entry, Message message, ICollection<Received> into)
    {
        into.Add(new(_mailbox.PositionOf(entry.Sequence), message, null));
        entry.IsSent = true;
        Taken = entry.Sequence;
        _window.Take(entry.Size);
    }

    /// <summary>One gap for all that is missing before the next message (spec M10). False where it has to wait for the next read.</summary>
    bool TellGap(long next, ref GapBuilder missing, ICollection<Received> into)
    {
        var trimmed = Math.Min(Math.Max(_floor, _mailbox.State.Trimmed), next - 1);
        if (Taken < trimmed) missing.Add(Taken + 1, trimmed, GapReason.Acknowledged);
        missing.AddHoles(_mailbox.State.Holes, Taken, next);
        if (missing.IsEmpty) return true;
        if (_request.GapsFirst && into.Count > 0) return false;
        var gap = new Gap(_mailbox.PositionOf(missing.From - 1), _mailbox.PositionOf(missing.To), missing.Reason);
        into.Add(new(gap.To, null, gap));
        Taken = missing.To;
        missing = default;
        return true;
    }

    public async ValueTask LoadAsync(CancellationToken cancel = default)
    {
        long[] sequences;
        lock (_mailbox) sequences = ColdAhead();
        _page = await ReadPage.LoadAsync(_engine.Store, _mailbox.Handle, sequences, cancel).ConfigureAwait(false);
    }

    long[] ColdAhead()
    {
        var cold = new List<long>();
        var page = new ReadWindow(_request.WindowMessages, _request.WindowBytes);
        var now = ExpiryTick.Now(_engine.Clock.Now);
        foreach (ref readonly var entry in Ahead)
        {
            // What has ended will not be read: where it filled the page, the reader would ask for ever.
            if (IsOver(entry, now)) continue;
            if (!page.Admits(entry.Size)) break;
            page.Take(entry.Size);
            if (entry.Body is null) cold.Add(entry.Sequence);
        }
        return [.. cold];
    }

    public void Written() => Written(Taken);

    /// <summary>Everything up to this number is flushed. The window opens when that is everything which was taken.</summary>
    /// <returns>Whether it is.</returns>
    public bool Written(long through)
    {
        lock (_mailbox)
        {
            var isAll = through == Taken;
            if (isAll) _window.Open();
            MarkWritten(through);
            return isAll;
        }
    }

    void MarkWritten(long through)
    {
        if (through <= WrittenThrough || through > Taken) return;
        _mailbox.MarkWritten(WrittenThrough, through);
        WrittenThrough = through;
        if (through == Taken) _page = null;
        _mailbox.Cool();
        _engine.Maintenance.NoteDirty(_mailbox);
        if (AcknowledgesByLiving) Mature();
    }

    void Mature()
    {
        WrittenAt = _engine.Clock.Now.ToUnixTimeMilliseconds();
        if (Maturing != 0) return;
        Maturing = WrittenThrough;
        _engine.Maintenance.NoteMaturing(this);
    }

    /// <summary>Ends the reader from the mailbox's side.</summary>
    public void End(Ending why)
    {
        bool tell;
        lock (_mailbox)
        {
            if (!IsOpen) return;
            Ending = why;
            (tell, _isArmed) = (_isArmed, false);
        }
        if (tell) Ring();
    }

    /// <summary>Tells the connection. One that throws will not come for what there is: it is let go.</summary>
    public void Ring()
    {
        try
        {
            Signal?.Ready();
        }
        catch (Exception fault)
        {
            _engine.Report(fault);
            lock (_mailbox) Ending ??= Why.Unavailable;
            Close();
        }
    }

    /// <summary>True where the connection waits for a signal and there is something: it gets one.</summary>
    public bool Disarm()
    {
        if (!_isArmed || !IsOpen || Taken >= _mailbox.Committed) return false;
        _isArmed = false;
        return true;
    }

    public void Close()
    {
        lock (_mailbox)
        {
            if (_isClosed) return;
            _isClosed = true;
        }
        if (Signal is not null) _engine.NoteClosed(this);
    }
}
