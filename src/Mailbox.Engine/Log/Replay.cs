namespace Mailbox.Storage;

/// <summary>
/// Builds the state of a partition from what a log holds. Each mailbox of a snapshot says which frame it had seen last; records up to that frame
/// are passed over for it, so no record has to be harmless when it is applied twice. Not thread-safe.
/// </summary>
sealed class Replay(int partition, uint incarnation, int containerBits) : ILogReader
{
    readonly Dictionary<ulong, (Slot<Location> Mailbox, long Through)> _byCounter = [];
    readonly Dictionary<MailboxOptions, MailboxOptions> _options = [];
    long _snapshotThrough;
    long _channelsThrough;
    FrameInfo _frame;

    /// <summary>Mailboxes that were stored as held when the partition was settled.</summary>
    public List<Slot<Location>> WereHeld { get; } = [];

    public PartitionState State { get; private set; } = new(partition, incarnation, containerBits);

    public void Begin()
    {
        _byCounter.Clear();
        (_snapshotThrough, _channelsThrough) = (0, 0);
        State = new(partition, incarnation, containerBits);
    }

    /// <exception cref="InvalidDataException">It is no slice of a snapshot.</exception>
    public void Slice(ReadOnlySpan<byte> slice)
    {
        var reader = new ByteReader(slice);
        switch ((SnapshotSlice)reader.Byte())
        {
            case SnapshotSlice.Partition: ReadPartition(ref reader); break;
            case SnapshotSlice.Mailboxes: ReadMailboxes(ref reader); break;
            case SnapshotSlice.Keys: ReadKeys(ref reader); break;
            case var kind: throw new InvalidDataException($"A slice has the unknown kind {(int)kind}.");
        }
    }

    public void SnapshotEnds(long through) => _snapshotThrough = through;

    /// <exception cref="InvalidDataException">The records make no sense.</exception>
    public void Frame(in FrameInfo frame, ReadOnlySpan<byte> records)
    {
        _frame = frame;
        State.Tables.Saw(frame.At);
        var reader = new ByteReader(records);
        while (!reader.IsAtEnd) Apply((LogRecordKind)reader.Byte(), ref reader);
        State.Applied = frame.Sequence;
    }

    /// <summary>
    /// The partition has another owner now: what was given out and not stored is lost (spec M5), and mailboxes stored as held are taken for
    /// disconnected at <paramref name="start"/> (spec M15).
    /// </summary>
    /// <param name="hasLostPower">What was not synced may be lost, too.</param>
    /// <param name="keepsHeld">The connections are still there: the same process loads the partition again.</param>
    /// <returns>Numbers are taken as lost that only a snapshot will remember.</returns>
    public bool Settle(DateTimeOffset start, bool hasLostPower, bool keepsHeld = false)
    {
        var hasLostNumbers = false;
        var now = start > State.Tables.LastSeen ? start : State.Tables.LastSeen;
        for (var place = 0; place < State.Tables.Slots.End; place++)
        {
            if (State.Tables.Slots[place] is not { } mailbox) continue;
            hasLostNumbers |= hasLostPower && mailbox.State.Marks.Unsynced > mailbox.State.Marks.Tail;
            State.Tables.Recover(mailbox, hasLostPower);
            if (!mailbox.State.Marks.Held || keepsHeld) continue;
            State.Tables.MoveDeadline(mailbox, (now + mailbox.State.Options.Idle).ToUnixTimeMilliseconds(), held: false);
            WereHeld.Add(mailbox);
        }
        return hasLostNumbers;
    }

    void Apply(LogRecordKind kind, ref ByteReader reader)
    {
        switch (kind)
        {
            case LogRecordKind.MailboxMade: Make(ref reader); break;
            case LogRecordKind.MessageAppended: Append(ref reader); break;
            case LogRecordKind.MessageMoved: Move(ref reader); break;
            case LogRecordKind.MembersChanged: ChangeMembers(ref reader); break;
            case LogRecordKind.OperationStarted: Do(OperationStartedRecord.Read(ref reader)); break;
            case LogRecordKind.OperationEnded: Do(new OperationEndedRecord(reader.Long())); break;
            case LogRecordKind.OperationApplied: Do(new OperationAppliedRecord(reader.Int(), reader.Long(), OperationAnswer.Read(ref reader))); break;
            case LogRecordKind.HomeChanged: Do(new HomeChangedRecord(GroupName.Parse(reader.RequiredText()), reader.Int(), reader.Byte() != 0)); break;
            case LogRecordKind.SubscribersKnown: Do(new SubscribersKnownRecord(reader.Byte() != 0)); break;
            case LogRecordKind.Copies: Do(new CopiesRecord(reader.UInt64(), reader.UInt32(), ReadMembers(ref reader))); break;
            case LogRecordKind.KeyRemembered: KeyCodec.Read(ref reader, State.Incarnation).Apply(State); break;
            default: Change(kind, reader.Varint(), ref reader); break;
        }
    }

    /// <summary>A record of one mailbox. It is read whole, also where the mailbox has seen it or is gone.</summary>
    void Change(LogRecordKind kind, ulong counter, ref ByteReader reader)
    {
        var mailbox = Find(counter)!;
        switch (kind)
        {
            case LogRecordKind.MessageRemoved:
                var (sequence, reason) = (reader.Long(), reader.Byte());
                Do(mailbox, new MessageRemovedRecord(mailbox, sequence, reason == 0 ? null : (GapReason)reason));
                break;
            case LogRecordKind.Acknowledged: Do(mailbox, new AcknowledgedRecord(mailbox, reader.Long(), reader.Long())); break;
            case LogRecordKind.WrittenMarked: Do(mailbox, new WrittenMarkedRecord(mailbox, reader.Long())); break;
            case LogRecordKind.NumbersReserved: Do(mailbox, new NumbersReservedRecord(mailbox, reader.Long(), (Durability)reader.Byte())); break;
            case LogRecordKind.DeadlineMoved: Do(mailbox, new DeadlineMovedRecord(mailbox, reader.Signed(), reader.Byte() != 0)); break;
            case LogRecordKind.OptionsSet: Do(mailbox, new OptionsSetRecord(mailbox, Shared(OptionsCodec.Read(ref reader)))); break;
            case LogRecordKind.MailboxRemoved:
                Do(mailbox, new MailboxRemovedRecord(mailbox));
                // Nothing comes after it; counters are not given out again.
                if (mailbox is not null) _byCounter[counter] = (mailbox, _frame.Sequence);
                break;
            default: throw new InvalidDataException($"{(int)kind} is no kind of record.");
        }
    }

    void Do<TRecord>(Slot<Location>? mailbox, in TRecord record) where TRecord : struct, ILogRecord
    {
        if (mailbox is not null) record.Apply(State);
    }

    /// <summary>A record of the partition's channels, unless the snapshot has it.</summary>
    void Do<TRecord>(in TRecord record) where TRecord : struct, ILogRecord
    {
        if (_frame.Sequence > _channelsThrough) record.Apply(State);
    }

    void Make(ref ByteReader reader)
    {
        var counter = reader.Varint();
        var name = MailboxName.Parse(reader.RequiredText());
        var options = Shared(OptionsCodec.Read(ref reader));
        var deadline = reader.Signed();
        State.LastEpoch = Math.Max(State.LastEpoch, counter);
        if (_byCounter.TryGetValue(counter, out var known))
        {
            if (known.Through < _frame.Sequence) throw new InvalidDataException($"Mailbox {counter} is made twice.");
            return;
        }
        var mailbox = new Slot<Location>(name, Epoch.Of(State.Incarnation, counter), options);
        _byCounter.Add(counter, (mailbox, 0));
        // In a snapshot that was written meanwhile a later mailbox may have the name already, and this one's end is yet to come.
        if (State.Tables.Find(name) is null) new MailboxMadeRecord(mailbox, deadline).Apply(State);
    }

    void Append(ref ByteReader reader)
    {
        var (offset, bytes) = (reader.Int(), reader.Int());
        var message = new MessageSummary(reader.Int(), reader.UInt32(), reader.Text());
        var (targets, all) = ReadTargets(ref reader);
        // The share of each is of all that had it, whether they are still there or not.
        var location = LogRecordWriting.LocationOf(_frame.BodiesAt + (uint)offset, bytes, all);
        foreach (var target in targets)
            State.Tables.Append(target.Mailbox, new(target.Sequence, message.Size, message.Expires, location), message.Topic);
    }

    void Move(ref ByteReader reader)
    {
        var from = Location.FromBits(reader.UInt64());
        var (offset, bytes) = (reader.Int(), reader.Int());
        var (targets, all) = ReadTargets(ref reader);
        var location = LogRecordWriting.LocationOf(_frame.BodiesAt + (uint)offset, bytes, all);
        foreach (var target in targets) State.Tables.Relocate(target.Mailbox, target.Sequence, from, location);
    }

    /// <summary>Those to whom this frame is news, and how many there were.</summary>
    (List<MessageTarget> Targets, int All) ReadTargets(ref ByteReader reader)
    {
        var all = reader.Count();
        if (all == 0) throw new InvalidDataException("A message has no mailbox.");
        var targets = new List<MessageTarget>(all);
        var counter = 0UL;
        for (var i = 0; i < all; i++)
        {
            counter += (ulong)reader.Signed();
            var sequence = reader.Long();
            if (Find(counter) is { } mailbox) targets.Add(new(mailbox, sequence));
        }
        return (targets, all);
    }

    void ChangeMembers(ref ByteReader reader)
    {
        var group = GroupName.Parse(reader.RequiredText());
        var added = ReadMembers(ref reader);
        new MembersChangedRecord(group, added, ReadMembers(ref reader)).Apply(State);
    }

    List<Slot<Location>> ReadMembers(ref ByteReader reader)
    {
        var members = new List<Slot<Location>>();
        for (var left = reader.Count(); left > 0; left--)
            if (Find(reader.Varint()) is { } mailbox) members.Add(mailbox);
        return members;
    }

    /// <summary>Those of a snapshot; some may be gone.</summary>
    List<Slot<Location>> ReadAll(ref ByteReader reader)
    {
        var mailboxes = new List<Slot<Location>>();
        for (var left = reader.Count(); left > 0; left--)
            if (_byCounter.TryGetValue(reader.Varint(), out var known)) mailboxes.Add(known.Mailbox);
        return mailboxes;
    }

    /// <summary>The mailbox with this counter, if this frame is news to it.</summary>
    Slot<Location>? Find(ulong counter)
    {
        if (_byCounter.TryGetValue(counter, out var known)) return known.Through < _frame.Sequence ? known.Mailbox : null;
        if (_frame.Sequence > _snapshotThrough) throw new InvalidDataException($"Mailbox {counter} is unknown.");
        return null;
    }

    void ReadPartition(ref ByteReader reader)
    {
        State.LastEpoch = Math.Max(State.LastEpoch, reader.Varint());
        State.Tables.Saw(DateTimeOffset.FromUnixTimeMilliseconds(reader.Signed()));
        _channelsThrough = reader.Long();
        State.Channels.Read(ref reader);
        for (var left = reader.Count(); left > 0; left--) new CopiesRecord(reader.UInt64(), reader.UInt32(), ReadAll(ref reader)).Apply(State);
    }

    void ReadMailboxes(ref ByteReader reader)
    {
        var through = reader.Long();
        while (!reader.IsAtEnd)
        {
            var mailbox = MailboxCodec.Read(ref reader, State.Incarnation);
            mailbox.State.Options = Shared(mailbox.State.Options);
            // One that was taken earlier, and removed before this one was made while the snapshot was written.
            if (State.Tables.Find(mailbox.Name) is { } former) State.Tables.RemoveMailbox(former);
            State.Tables.Add(mailbox);
            for (var groups = reader.Count(); groups > 0; groups--) State.Tables.Join(GroupName.Parse(reader.RequiredText()), mailbox);
            _byCounter[Epoch.CounterOf(mailbox.Epoch)] = (mailbox, through);
        }
    }

    void ReadKeys(ref ByteReader reader)
    {
        while (!reader.IsAtEnd) KeyCodec.Read(ref reader, State.Incarnation).Apply(State);
    }

    /// <summary>Mailboxes that were made alike share one object.</summary>
    MailboxOptions Shared(MailboxOptions options)
    {
        if (_options.TryGetValue(options, out var known)) return known;
        if (_options.Count < 1000) _options.Add(options, options);
        return options;
    }
}
