using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Station 4: the one way by which messages leave a mailbox. Its state is guarded by <c>lock (mailbox)</c>.</summary>
sealed class MailboxReader : IMailboxReader
{
    const int LoadAttempts = 1000;

    readonly LiveMailbox _mailbox;
    readonly MailboxEngine _engine;
    readonly OpenRequest _request;
    readonly long _floor;
    readonly long _connectedAt;
    Position? _unknownPosition;
    Gap? _epochGap;
    ReadPage? _page;
    ReadWindow _window;
    bool _isWaiting;
    bool _isClosed;

    public MailboxReader(LiveMailbox mailbox, MailboxEngine engine, OpenRequest request, ReaderStart start)
    {
        (_mailbox, _engine, _request) = (mailbox, engine, request);
        _window = new(request.WindowMessages, request.WindowBytes);
        (Taken, _floor, _unknownPosition) = (start.Sequence, start.Floor, start.UnknownPosition);
        WrittenThrough = Math.Max(Taken, _floor);
        // A connection that is attached again held the mailbox before.
        _connectedAt = request.Resumes ? 0 : mailbox.State.Marks.Tail;
        if (_unknownPosition is { } old) _epochGap = new(old, mailbox.PositionOf(start.Sequence), GapReason.Epoch);
    }

    public IReaderSignal? Signal { get; init; }

    public string? Client => _request.Client;

    public bool ImplicitAck => _request.AcknowledgesByLiving;

    /// <summary>The last number that was taken.</summary>
    public long Taken { get; private set; }

    /// <summary>The last number that was flushed to the connection.</summary>
    public long WrittenThrough { get; private set; }

    /// <summary>When that was, in Unix milliseconds.</summary>
    public long WrittenAt { get; private set; }

    /// <summary>The number that will count as acknowledged if the stream lives (spec M7); 0 while none waits.</summary>
    public long PendingImplicitAck { get; set; }

    public bool IsOpen => !_isClosed && Ending is null;

    public LiveMailbox Live => _mailbox;

    public MailboxName Mailbox => _mailbox.Name;

    public Position Position => _unknownPosition ?? _mailbox.PositionOf(Taken);

    public Ending? Ending { get; private set; }

    /// <summary>What is stored and not yet taken.</summary>
    Span<MailboxEntry<Location>> Ahead
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
            // What it would find is not stored yet, neither the messages that are left nor the gap.
            if (_mailbox.IsLosing) return ReadStatus.Cold;
            var before = into.Count;
            if (_epochGap is { } gap)
            {
                if (IsNextCold()) return ReadStatus.Cold;
                into.Add(new(gap.To, null, gap));
                (_epochGap, _unknownPosition) = (null, null);
            }
            var status = Take(into);
            if (into.Count > before) return ReadStatus.Read;
            _isWaiting = status == ReadStatus.Empty;
            return status;
        }
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
            if ((entry.Body.Hot ?? _page?.Find(entry.Sequence)) is not { } message) return _mailbox.IsGone ? ReadStatus.Empty : ReadStatus.Cold;
            if (!TellGap(entry.Sequence, ref expired, into)) return ReadStatus.WindowFull;
            into.Add(new(_mailbox.PositionOf(entry.Sequence), message, null));
            entry.IsSent = true;
            Taken = entry.Sequence;
            _window.Take(entry.Size);
        }
        return TellGap(_mailbox.Committed + 1, ref expired, into) ? ReadStatus.Empty : ReadStatus.WindowFull;
    }

    /// <summary>Its time to live has ended: for all, or, where that is zero, for a reader that connected after it came (RFC 8030 section 5.2).</summary>
    bool IsOver(in MailboxEntry<Location> entry, uint now) => entry.Expires <= now || (entry.IsImmediate && entry.Sequence <= _connectedAt);

    bool IsNextCold()
    {
        var now = ExpiryTick.Now(_engine.Clock.Now);
        foreach (ref readonly var entry in Ahead)
            if (!IsOver(entry, now)) return entry.Body.Hot is null && _page?.Find(entry.Sequence) is null && !_mailbox.IsGone;
        return false;
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

    /// <exception cref="StoreException">The log cannot be read, or what it holds is damaged.</exception>
    public async ValueTask LoadAsync(CancellationToken cancel = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            await _mailbox.WhenStored().WaitAsync(cancel).ConfigureAwait(false);
            List<MailboxEntry<Location>> cold;
            lock (_mailbox) cold = ColdAhead();
            var page = await ReadPage.LoadAsync(_engine.Log, _mailbox.Partition.Number, cold, cancel).ConfigureAwait(false);
            // Compaction moves bodies, and what is acknowledged meanwhile goes: those are looked for again.
            if (page.FirstMissing is { } missing && IsStillAt(missing))
            {
                if (attempt == LoadAttempts || !page.IsGone) throw _engine.Damaged(_mailbox, missing);
            }
            else if (page.FirstMissing is null)
            {
                _page = page;
                return;
            }
        }
    }

    bool IsStillAt(in MailboxEntry<Location> entry)
    {
        lock (_mailbox)
        {
            var index = _mailbox.IsGone ? -1 : _mailbox.State.IndexOf(entry.Sequence);
            return index >= 0 && _mailbox.State.Entries[index].Body.Equals(entry.Body);
        }
    }

    List<MailboxEntry<Location>> ColdAhead()
    {
        var cold = new List<MailboxEntry<Location>>();
        var page = new ReadWindow(_request.WindowMessages, _request.WindowBytes);
        var now = ExpiryTick.Now(_engine.Clock.Now);
        foreach (ref readonly var entry in Ahead)
        {
            // What has ended will not be read: where it filled the page, the reader would ask for ever.
            if (IsOver(entry, now)) continue;
            if (!page.Admits(entry.Size)) break;
            page.Take(entry.Size);
            if (entry.Body.Hot is null && entry.Body.IsStored) cold.Add(entry);
        }
        return cold;
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
            if (through <= WrittenThrough || through > Taken) return isAll;
            _mailbox.MarkWritten(WrittenThrough, through);
            WrittenThrough = through;
            if (isAll) _page = null;
            _mailbox.EvictBodies();
            _engine.Maintenance.NoteDirty(_mailbox);
            if (!ImplicitAck) return isAll;
            WrittenAt = _engine.Clock.Now.ToUnixTimeMilliseconds();
            if (PendingImplicitAck != 0) return isAll;
            PendingImplicitAck = WrittenThrough;
            _engine.Maintenance.NotePendingAck(this);
            return isAll;
        }
    }

    /// <summary>Ends the reader from the mailbox's side.</summary>
    public void End(Ending why)
    {
        bool tell;
        lock (_mailbox)
        {
            if (!IsOpen) return;
            Ending = why;
            (tell, _isWaiting) = (_isWaiting, false);
        }
        if (tell) Notify();
    }

    /// <summary>Tells the connection. One that throws will not come for what there is: it is let go.</summary>
    public void Notify()
    {
        try
        {
            Signal?.Ready();
        }
        catch (Exception fault)
        {
            _engine.Report(fault);
            lock (_mailbox) Ending ??= global::Mailbox.Ending.Unavailable;
            Close();
        }
    }

    /// <summary>True where the connection waits for a signal and there is something: it gets one.</summary>
    public bool TryClearWaiting()
    {
        if (!_isWaiting || !IsOpen || Taken >= _mailbox.Committed) return false;
        _isWaiting = false;
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

/// <summary>Where a reader begins.</summary>
/// <param name="Sequence">It has everything up to this number.</param>
/// <param name="Floor">What is acknowledged up to this number is not read again.</param>
/// <param name="UnknownPosition">The position it came with, where that is of another epoch or of the future.</param>
readonly record struct ReaderStart(long Sequence, long Floor, Position? UnknownPosition)
{
    /// <summary>Spec M8, M10 and section 5: a position, else unread, oldest or now. Called under <c>lock (mailbox)</c>.</summary>
    /// <param name="now">As <see cref="ExpiryTick"/>.</param>
    public static ReaderStart Of(LiveMailbox mailbox, OpenRequest request, uint now)
    {
        var marks = mailbox.State.Marks;
        if (request.After is { } after)
            return IsOf(mailbox, after) ? new(after.Sequence, request.Resumes ? 0 : marks.Acknowledged, null) : new(BeforeOldest(mailbox, now), 0, after);
        return request.From switch
        {
            StartFrom.Now => new(marks.Tail, 0, null),
            StartFrom.Oldest => new(BeforeOldest(mailbox, now), 0, null),
            _ => new(Math.Max(mailbox.Unread, marks.Acknowledged), 0, null),
        };
    }

    public static bool IsOf(LiveMailbox mailbox, Position position) =>
        position.Epoch == mailbox.Epoch && position.Sequence <= mailbox.State.Marks.Tail;

    static long BeforeOldest(LiveMailbox mailbox, uint now)
    {
        var entries = mailbox.State.Entries;
        for (var i = mailbox.State.IndexAfter(mailbox.State.Marks.Acknowledged); i < entries.Length; i++)
            if (entries[i].Expires > now && !entries[i].IsImmediate) return entries[i].Sequence - 1;
        return mailbox.State.Marks.Tail;
    }
}

/// <summary>What a reader may take before it has written it: so much, and the rest waits in the mailbox (spec M17).</summary>
struct ReadWindow(int mostMessages, int mostBytes)
{
    int _messages;
    int _bytes;

    /// <summary>One message is always admitted, however large.</summary>
    public readonly bool Admits(int size) => _messages == 0 || (_messages < mostMessages && _bytes + size <= mostBytes);

    public void Take(int size)
    {
        _messages++;
        _bytes += size;
    }

    public void Open() => (_messages, _bytes) = (0, 0);
}

/// <summary>Bodies that a reader brought from the log; dropped once they are written.</summary>
sealed class ReadPage
{
    readonly List<long> _sequences = [];
    readonly List<Message> _messages = [];

    /// <summary>The first that the log did not have where its entry said; null for none.</summary>
    public MailboxEntry<Location>? FirstMissing { get; private set; }

    /// <summary>Nothing at all was there: its container was freed.</summary>
    public bool IsGone { get; private set; }

    public static async ValueTask<ReadPage> LoadAsync(ILog log, int partition, List<MailboxEntry<Location>> entries, CancellationToken cancel)
    {
        var page = new ReadPage();
        if (entries.Count == 0) return page;
        var ranges = new BodyRange[entries.Count];
        for (var i = 0; i < ranges.Length; i++) ranges[i] = new(entries[i].Body.Address, entries[i].Size + MessageCodec.MaxOverhead);
        var parts = new ReadOnlyMemory<byte>[ranges.Length];
        await log.ReadBodiesAsync(partition, ranges, parts, cancel).ConfigureAwait(false);
        for (var i = 0; i < parts.Length; i++)
        {
            var length = MessageCodec.Check(parts[i].Span);
            if (length == 0)
            {
                (page.FirstMissing, page.IsGone) = (entries[i], parts[i].IsEmpty);
                break;
            }
            page._sequences.Add(entries[i].Sequence);
            page._messages.Add(MessageCodec.Read(parts[i].Span[..length]));
        }
        return page;
    }

    /// <returns>Null where the page has not asked for it.</returns>
    public Message? Find(long sequence) => _sequences.BinarySearch(sequence) is >= 0 and var index ? _messages[index] : null;
}

/// <summary>Collects what is missing before the next message into one range with one reason, the gravest.</summary>
struct GapBuilder
{
    public long From { get; private set; }

    public long To { get; private set; }

    public GapReason Reason { get; private set; }

    public readonly bool IsEmpty => Reason == 0;

    public void Add(long from, long to, GapReason reason)
    {
        From = IsEmpty ? from : Math.Min(From, from);
        To = Math.Max(To, to);
        if (reason > Reason) Reason = reason;
    }

    /// <summary>Adds what of these lies between two numbers, both exclusive.</summary>
    public void AddHoles(IReadOnlyList<Hole> holes, long after, long before)
    {
        for (var i = 0; i < holes.Count; i++)
            if (holes[i] is var hole && hole.To > after && hole.From < before) Add(Math.Max(hole.From, after + 1), Math.Min(hole.To, before - 1), hole.Reason);
    }
}
