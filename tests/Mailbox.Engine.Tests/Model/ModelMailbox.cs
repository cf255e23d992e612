namespace Mailbox.Engine.Tests;

/// <summary>A mailbox as the specification sees it: a list of numbers with what became of each.</summary>
sealed class ModelMailbox(long deadline, MailboxOptions options)
{
    readonly List<ModelMessage> _messages = [];
    long _storedMark;
    bool _isDirty;

    public ulong Epoch { get; set; }

    public MailboxOptions Options { get; set; } = options;

    /// <summary>Unix milliseconds; counts while nobody holds it.</summary>
    public long Deadline { get; set; } = deadline;

    public long Acknowledged { get; private set; }

    public long Trimmed { get; private set; }

    /// <summary>Everything up to it was written, told or is gone without a trace.</summary>
    public long Mark { get; private set; }

    /// <summary>Numbers were given out since the start that no store has seen.</summary>
    /// <summary>Where a reader without a position begins.</summary>
    public long Unread => Math.Max(Settled(Mark, false), Acknowledged);

    public bool HasVolatile { get; private set; }

    public List<ModelReader> Readers { get; } = [];

    public HashSet<string> Groups { get; } = [];

    public long Tail => _messages.Count;

    public IEnumerable<ModelMessage> Kept => _messages.Where(message => message.IsKept);

    public Position PositionOf(long number) => new(Epoch, number);

    public IEnumerable<ModelMessage> After(long number) => _messages.Skip((int)number);

    public Outcome Append(string body, string? topic, long now, TimeSpan timeToLive, Durability level)
    {
        var isImmediate = timeToLive == TimeSpan.Zero;
        var takesRoom = !isImmediate || Readers.Count > 0;
        var expires = now + (takesRoom ? Math.Max(1, (long)timeToLive.TotalSeconds) : 0);
        var older = topic is null ? null : _messages.LastOrDefault(message => message.Topic == topic);
        if (!Fits(body.Length) || topic is not null) EndOfTime(now);
        if (older is { IsKept: false } or { IsSent: true } or { IsWritten: true }) older = null;
        if ((takesRoom || body.Length > Options.MaxBytes) && Refusal(body.Length, older) is { } refusal) return refusal;
        older?.Lose(null);
        while (takesRoom && !Fits(body.Length)) Lose(Kept.FirstOrDefault(IsRead) ?? Kept.First(), GapReason.Overflow);
        _messages.Add(new(Tail + 1, body, topic, expires, level == Durability.Memory, isImmediate && takesRoom));
        HasVolatile |= level == Durability.Memory;
        return Outcome.Stored;
    }

    public void EndOfTime(long now)
    {
        foreach (var message in Kept.Where(message => message.Expires <= now).ToArray()) Lose(message, GapReason.Ttl);
    }

    public bool Delete(long number)
    {
        if (number < 1 || number > Tail || !_messages[(int)number - 1].IsKept) return false;
        _messages[(int)number - 1].Lose(null);
        return true;
    }

    public void Acknowledge(long number)
    {
        if (number <= Acknowledged) return;
        Acknowledged = number;
        Mark = Math.Max(Mark, number);
        _storedMark = Math.Max(_storedMark, number);
        Trim();
    }

    public void Trim()
    {
        Trimmed = Math.Max(Trimmed, Readers.Select(reader => reader.WrittenThrough).Append(Acknowledged).Min());
        foreach (var message in Kept.Where(message => message.Number <= Trimmed)) message.Lose(GapReason.Acknowledged);
    }

    public void MarkWritten(long from, long to)
    {
        foreach (var message in _messages.Where(message => message.IsKept && message.Number > from && message.Number <= to)) message.IsWritten = true;
        if (from <= Settled(Mark, true)) Mark = Math.Max(Mark, to);
        Mark = Settled(Mark, false);
        _isDirty = true;
    }

    public void Maintain()
    {
        if (!_isDirty) return;
        (_isDirty, _storedMark) = (false, Math.Max(_storedMark, Mark));
        if (Acknowledged > Trimmed) Trim();
    }

    /// <summary>The process died: what was only in memory is lost, and so are numbers that may have been given out.</summary>
    public void Restart(long tail)
    {
        Readers.Clear();
        for (var i = 0; i < _messages.Count; i++)
            if (_messages[i].IsVolatile) _messages[i] = ModelMessage.Lost(i + 1);
        while (Tail < tail) _messages.Add(ModelMessage.Lost(Tail + 1));
        foreach (var lost in _messages.Where(message => message.Reason == GapReason.Lost).ToArray()) Lose(lost, GapReason.Lost);
        (Mark, _isDirty, HasVolatile) = (_storedMark, false, false);
        foreach (var message in _messages)
        {
            (message.IsSent, message.IsWritten) = (false, message.Number <= Mark);
            message.LoseTakers();
        }
        Trim();
    }

    public long BeforeOldest(long now) =>
        (_messages.FirstOrDefault(message => message.Number > Acknowledged && message.IsReadable(now, Tail))?.Number ?? Tail + 1) - 1;

    /// <summary>
    /// Unread may start earlier than it must where a message between two gaps was superseded or deleted: gaps are kept as ranges,
    /// and two without a message between them are one, so that they cannot grow without end. That repeats and never loses.
    /// </summary>
    public void LearnUnread(long start)
    {
        if (start == Unread) return;
        Assert.InRange(start, 0, Unread);
        Assert.Contains(After(start).Take((int)(Unread - start)), message => message.IsCovered);
        Mark = start;
    }

    void Lose(ModelMessage message, GapReason reason)
    {
        message.Lose(reason);
        Cover(_messages.Take((int)message.Number - 1).Reverse());
        Cover(After(message.Number));
    }

    static void Cover(IEnumerable<ModelMessage> outwards)
    {
        foreach (var other in outwards.TakeWhile(other => !other.IsKept && other.Reason is null)) other.IsCovered = true;
    }

    bool IsRead(ModelMessage message) => message.IsWritten || message.Number <= Mark;

    bool Fits(int size) => Kept.Count() < Options.MaxMessages && Kept.Sum(message => message.Body.Length) + size <= Options.MaxBytes;

    Outcome? Refusal(int size, ModelMessage? superseded)
    {
        if (Options.Overflow == OverflowPolicy.DropOldest) return size > Options.MaxBytes ? Outcome.TooLarge : null;
        var unread = Kept.Where(message => !IsRead(message) && message != superseded).ToArray();
        if (unread.Length < Options.MaxMessages && unread.Sum(message => message.Body.Length) + size <= Options.MaxBytes) return null;
        return Options.Overflow == OverflowPolicy.Reject ? Outcome.MailboxFull : Outcome.Dropped;
    }

    /// <param name="beyond">Also past numbers at the end that are gone without a trace.</param>
    long Settled(long mark, bool beyond)
    {
        foreach (var message in After(mark))
        {
            if (message.IsKept ? !message.IsWritten : message.Reason is not null and not GapReason.Acknowledged) break;
            if (message.IsKept || beyond) mark = message.Number;
        }
        return mark;
    }
}
