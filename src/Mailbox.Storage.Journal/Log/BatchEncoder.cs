namespace Mailbox.Storage.Journal;

/// <summary>
/// Writes the records of a batch in the journal's form into one buffer that is used again. Mailboxes go by the lower 40 bits of their
/// epoch, their counter, so that a restored copy can change all epochs at once. Not thread-safe.
/// </summary>
sealed class BatchEncoder
{
    readonly ByteWriter _writer = new();
    readonly List<PlacedMessage> _messages = [];
    HashSet<MailboxHandle>? _fenced;

    /// <summary>The frame: room for its header, and the records.</summary>
    public Span<byte> Frame => _writer.Written;

    public bool IsEmpty => _writer.Length == BatchFrame.HeaderSize;

    public void Begin()
    {
        _writer.Clear();
        _writer.Skip(BatchFrame.HeaderSize);
        _messages.Clear();
        _fenced = null;
    }

    /// <summary>All records but those of mailboxes that were fenced off.</summary>
    public void Encode(CommitBatch batch)
    {
        Begin();
        _fenced = batch.Fenced;
        foreach (var record in batch.Records) Encode(record);
    }

    public void EpochsReserved(ulong through)
    {
        Kind(RecordKind.EpochsReserved);
        _writer.Varint(through);
    }

    /// <summary>The place of each message in the order of the records, now that the place of the frame is known.</summary>
    public Location[] Locate(int segment, long frameOffset)
    {
        var places = new Location[_messages.Count];
        for (var i = 0; i < places.Length; i++) places[i] = _messages[i].In(segment, frameOffset);
        return places;
    }

    /// <param name="part">The message as it lies in the journal.</param>
    public void Moved(Location from, ReadOnlySpan<byte> part, IReadOnlyList<MovedTarget> targets)
    {
        var start = _writer.Length;
        Kind(RecordKind.MessageMoved);
        var place = _writer.Length;
        _writer.Bytes(part);
        _writer.UInt64(from.Bits);
        var list = new TargetList(_writer, targets.Count);
        foreach (var target in targets) list.Add(Counter(target.Slot.Epoch), target.Sequence);
        _messages.Add(new(place, (_writer.Length - start) / targets.Count));
    }

    void Encode(StoreRecord record)
    {
        switch (record)
        {
            case MailboxMade made: Made(made); break;
            case MessageAppended appended: Appended(appended); break;
            case MessageRemoved r: if (Of(RecordKind.MessageRemoved, r.Mailbox)) Removed(r); break;
            case Acknowledged a: if (Of(RecordKind.Acknowledged, a.Mailbox)) Pair(a.Sequence, a.Trim); break;
            case WrittenMarked w: if (Of(RecordKind.WrittenMarked, w.Mailbox)) _writer.Varint(w.Sequence); break;
            case NumbersReserved n: if (Of(RecordKind.NumbersReserved, n.Mailbox)) Reserved(n); break;
            case DeadlineMoved d: if (Of(RecordKind.DeadlineMoved, d.Mailbox)) Deadline(d.Deadline, d.Held); break;
            case OptionsSet o: if (Of(RecordKind.OptionsSet, o.Mailbox)) OptionsCodec.Write(_writer, o.Options); break;
            case MailboxRemoved r: Of(RecordKind.MailboxRemoved, r.Mailbox); break;
            case MembersChanged changed: Changed(changed); break;
            case KeyRemembered key: Remembered(key); break;
            // One engine owns a whole journal.
            case OwnershipReleased: break;
            default: throw new ArgumentException($"{record.GetType().Name} is no record that a journal knows.", nameof(record));
        }
    }

    void Made(MailboxMade made)
    {
        if (!Of(RecordKind.MailboxMade, made.Mailbox)) return;
        _writer.Text(made.Mailbox.Name.ToString());
        OptionsCodec.Write(_writer, made.Options);
        _writer.Signed(made.Deadline);
    }

    void Appended(MessageAppended appended)
    {
        var targets = appended.Targets.AsSpan(0, appended.Count);
        var stored = _fenced is null ? targets.Length : CountStored(targets);
        if (stored == 0)
        {
            _messages.Add(default);
            return;
        }
        var start = _writer.Length;
        Kind(RecordKind.MessageAppended);
        var place = _writer.Length;
        MessageCodec.Write(_writer, appended.Message);
        Targets(targets, stored);
        _messages.Add(new(place, (_writer.Length - start) / stored));
    }

    void Targets(ReadOnlySpan<Target> targets, int stored)
    {
        var list = new TargetList(_writer, stored);
        foreach (var target in targets)
            if (!IsFenced(target.Mailbox)) list.Add(Counter(target.Mailbox.Epoch), target.Sequence);
    }

    int CountStored(ReadOnlySpan<Target> targets)
    {
        var count = 0;
        foreach (var target in targets)
            if (!IsFenced(target.Mailbox)) count++;
        return count;
    }

    void Removed(MessageRemoved removed)
    {
        _writer.Varint(removed.Sequence);
        _writer.Byte((byte)(removed.Reason ?? 0));
    }

    void Pair(long first, long second)
    {
        _writer.Varint(first);
        _writer.Varint(second);
    }

    void Reserved(NumbersReserved numbers)
    {
        _writer.Varint(numbers.Through);
        _writer.Byte((byte)numbers.Level);
    }

    void Deadline(long deadline, bool held)
    {
        _writer.Signed(deadline);
        _writer.Byte(held ? (byte)1 : (byte)0);
    }

    void Changed(MembersChanged changed)
    {
        Kind(RecordKind.MembersChanged);
        _writer.Text(changed.Group.ToString());
        Members(changed.Added);
        Members(changed.Removed);
    }

    void Members(IReadOnlyList<MailboxHandle> members)
    {
        _writer.Varint(members.Count(member => !IsFenced(member)));
        foreach (var member in members)
            if (!IsFenced(member)) _writer.Varint(Counter(member.Epoch));
    }

    void Remembered(KeyRemembered key)
    {
        if (BatchApplication<Location>.IsRefused(key.Answer, _fenced)) return;
        Kind(RecordKind.KeyRemembered);
        KeyCodec.Write(_writer, key.Key, key.Answer);
    }

    /// <summary>Begins a record of one mailbox, unless that is fenced off.</summary>
    bool Of(RecordKind kind, MailboxHandle mailbox)
    {
        if (IsFenced(mailbox)) return false;
        Kind(kind);
        _writer.Varint(Counter(mailbox.Epoch));
        return true;
    }

    void Kind(RecordKind kind) => _writer.Byte((byte)kind);

    bool IsFenced(MailboxHandle mailbox) => _fenced is not null && _fenced.Contains(mailbox);

    static ulong Counter(ulong epoch) => EpochCounter.CounterOf(epoch);
}
