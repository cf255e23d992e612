namespace Mailbox.Storage.Journal;

/// <summary>
/// Applies the records of batches to the tables as commits did. A mailbox that comes from a snapshot was written to it after some
/// batch: what it was told up to that batch is in it already and is passed over.
/// </summary>
sealed class BatchReplay(MailboxTables<Location> tables, uint incarnation)
{
    readonly Dictionary<ulong, ReplayedMailbox> _mailboxes = [];
    long _batch;
    int _segment;
    long _recordsAt;

    /// <summary>The last batch that the snapshot has seen; mailboxes removed before it are unknown here and may be.</summary>
    public long SnapshotThrough { get; set; }

    public ulong EpochCeiling { get; set; }

    public void Add(Slot<Location> slot, long through) => _mailboxes[EpochCounter.CounterOf(slot.Epoch)] = new(slot, through);

    /// <exception cref="InvalidDataException">The records make no sense.</exception>
    public void Apply(int segment, long recordsAt, BatchFrame frame, ReadOnlySpan<byte> records)
    {
        (_segment, _recordsAt, _batch) = (segment, recordsAt, frame.Number);
        tables.Saw(frame.At);
        var reader = new ByteReader(records);
        while (!reader.IsAtEnd) Apply((RecordKind)reader.Byte(), ref reader);
    }

    void Apply(RecordKind kind, ref ByteReader reader)
    {
        switch (kind)
        {
            case RecordKind.MailboxMade: Make(ref reader); break;
            case RecordKind.MessageAppended: Append(ref reader); break;
            case RecordKind.MessageMoved: Move(ref reader); break;
            case RecordKind.MembersChanged: ChangeMembers(ref reader); break;
            case RecordKind.EpochsReserved: EpochCeiling = Math.Max(EpochCeiling, reader.Varint()); break;
            case RecordKind.KeyRemembered:
                var remembered = KeyCodec.Read(ref reader, incarnation);
                tables.Keys.Remember(remembered.Key, remembered.Answer);
                break;
            default: Change(kind, Find(reader.Varint()), ref reader); break;
        }
    }

    void Change(RecordKind kind, Slot<Location>? slot, ref ByteReader reader)
    {
        switch (kind)
        {
            case RecordKind.MessageRemoved: RemoveMessage(slot, reader.Long(), reader.Byte()); break;
            case RecordKind.Acknowledged: Acknowledge(slot, reader.Long(), reader.Long()); break;
            case RecordKind.WrittenMarked: MarkWritten(slot, reader.Long()); break;
            case RecordKind.NumbersReserved: Reserve(slot, reader.Long(), (Durability)reader.Byte()); break;
            case RecordKind.DeadlineMoved: MoveDeadline(slot, reader.Signed(), reader.Byte() != 0); break;
            case RecordKind.OptionsSet: SetOptions(slot, OptionsCodec.Read(ref reader)); break;
            case RecordKind.MailboxRemoved: if (slot is not null) tables.RemoveMailbox(slot); break;
            default: throw new InvalidDataException($"{kind} is no record.");
        }
    }

    void Make(ref ByteReader reader)
    {
        var counter = reader.Varint();
        var name = MailboxName.Parse(reader.RequiredText());
        var options = OptionsCodec.Read(ref reader);
        var deadline = reader.Signed();
        if (_mailboxes.TryGetValue(counter, out var known))
        {
            if (known.Through < _batch) throw new InvalidDataException($"Mailbox {counter} is made twice.");
            return;
        }
        // In a snapshot that was written meanwhile a later mailbox may have the name already, and this one's end is yet to come.
        var slot = new Slot<Location>(name, EpochCounter.EpochOf(incarnation, counter), options);
        _mailboxes.Add(counter, new(slot, 0));
        if (tables.Find(name) is null) tables.Make(slot, deadline);
    }

    void Append(ref ByteReader reader)
    {
        var offset = _recordsAt + reader.Position;
        var start = reader.Position;
        var summary = MessageCodec.ReadSummary(ref reader);
        var targets = ReadTargets(ref reader);
        var body = Location.Of(_segment, offset, (reader.Position - start + 1) / targets.Count);
        foreach (var (slot, sequence) in targets)
            if (slot is not null) tables.Append(slot, new(sequence, summary.Size, summary.Expires, body), summary.Topic);
    }

    void Move(ref ByteReader reader)
    {
        var offset = _recordsAt + reader.Position;
        var start = reader.Position;
        MessageCodec.ReadSummary(ref reader);
        var from = Location.FromBits(reader.UInt64());
        var targets = ReadTargets(ref reader);
        var to = Location.Of(_segment, offset, (reader.Position - start + 1) / targets.Count);
        foreach (var (slot, sequence) in targets)
            if (slot is not null) tables.Relocate(slot, sequence, from, to);
    }

    List<(Slot<Location>? Slot, long Sequence)> ReadTargets(ref ByteReader reader)
    {
        var count = reader.Count();
        if (count == 0) throw new InvalidDataException("A message has no mailbox.");
        var targets = new List<(Slot<Location>?, long)>(count);
        ulong counter = 0;
        for (var i = 0; i < count; i++)
        {
            counter += (ulong)reader.Signed();
            targets.Add((Find(counter), reader.Long()));
        }
        return targets;
    }

    void ChangeMembers(ref ByteReader reader)
    {
        var group = GroupName.Parse(reader.RequiredText());
        for (var left = reader.Count(); left > 0; left--)
            if (Find(reader.Varint()) is { } slot) tables.Join(group, slot);
        for (var left = reader.Count(); left > 0; left--)
            if (Find(reader.Varint()) is { } slot) tables.Groups.Remove(group, slot);
    }

    void RemoveMessage(Slot<Location>? slot, long sequence, byte reason)
    {
        if (slot is not null) tables.RemoveMessage(slot, sequence, reason == 0 ? null : (GapReason)reason);
    }

    void Acknowledge(Slot<Location>? slot, long sequence, long trim)
    {
        if (slot is not null) tables.Acknowledge(slot, sequence, trim);
    }

    static void MarkWritten(Slot<Location>? slot, long sequence)
    {
        if (slot is not null) MailboxTables<Location>.MarkWritten(slot, sequence);
    }

    static void Reserve(Slot<Location>? slot, long through, Durability level) => slot?.State.Reserve(through, level);

    void MoveDeadline(Slot<Location>? slot, long deadline, bool held)
    {
        if (slot is not null) tables.MoveDeadline(slot, deadline, held);
    }

    static void SetOptions(Slot<Location>? slot, MailboxOptions options)
    {
        if (slot is not null) slot.State.Options = options;
    }

    /// <summary>The mailbox with this counter, if this batch is news to it.</summary>
    Slot<Location>? Find(ulong counter)
    {
        if (_mailboxes.TryGetValue(counter, out var known)) return known.Through < _batch ? known.Slot : null;
        if (_batch > SnapshotThrough) throw new InvalidDataException($"Mailbox {counter} is unknown.");
        return null;
    }
}
