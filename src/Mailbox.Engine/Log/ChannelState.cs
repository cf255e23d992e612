namespace Mailbox.Storage;

/// <summary>
/// What a partition knows of its channels: each ordered pair of partitions has one, with operations numbered 1, 2, 3 … in the source's log, never
/// restarted. The target applies only the next one, in one commit with the effects, and keeps the answer until the source has recorded that it has it. So
/// an operation is applied at most once by its number and at least once from the source's log, in order, through the death of either side.
/// Changed by records alone. Not thread-safe.
/// </summary>
sealed class ChannelState
{
    /// <summary>By target: the number of the last operation that was started.</summary>
    public Dictionary<int, long> Out { get; } = [];

    /// <summary>Operations that were started here and have not ended, by their identity.</summary>
    public SortedDictionary<long, StartedOperation> Open { get; } = [];

    /// <summary>By idempotency key: the sends among <see cref="Open"/> that have one (spec M13).</summary>
    public Dictionary<KeyId, long> OpenSends { get; } = [];

    /// <summary>The identity of the last operation that was started.</summary>
    public long LastOperation { get; set; }

    /// <summary>By source: what was applied here.</summary>
    public Dictionary<int, AppliedOperations> In { get; } = [];

    /// <summary>Of groups whose home is this partition: which partitions have members.</summary>
    public Dictionary<GroupName, GroupHome> Homes { get; } = [];

    /// <summary>Somebody has subscribed to the events of mailboxes.</summary>
    public bool HasSubscribers { get; set; }

    /// <summary>Requests with several targets that have reached mailboxes of this partition: each mailbox gets one copy.</summary>
    public Dictionary<ulong, PostCopies> Copies { get; } = [];

    public AppliedOperations From(int source)
    {
        if (!In.TryGetValue(source, out var applied)) In.Add(source, applied = new());
        return applied;
    }

    public void Begin(long id, StartedOperation operation)
    {
        Open.Add(id, operation);
        if (operation.Operation is SendPartition { Key: { } key }) OpenSends[key.Key] = id;
    }

    public void End(long id)
    {
        if (Open.Remove(id, out var ended) && ended.Operation is SendPartition { Key: { } key }) OpenSends.Remove(key.Key);
    }

    public GroupHome HomeOf(GroupName group)
    {
        if (!Homes.TryGetValue(group, out var home)) Homes.Add(group, home = new());
        return home;
    }

    public void Write(ByteWriter to)
    {
        to.Varint(LastOperation);
        to.Byte(HasSubscribers ? (byte)1 : (byte)0);
        to.Varint(Out.Count);
        foreach (var (target, last) in Out)
        {
            to.Varint(target);
            to.Varint(last);
        }
        to.Varint(In.Count);
        foreach (var (source, applied) in In)
        {
            to.Varint(source);
            to.Varint(applied.Last);
            to.Varint(applied.Kept.Count);
            foreach (var (number, answer) in applied.Kept)
            {
                to.Varint(number);
                answer.Write(to);
            }
        }
        to.Varint(Open.Count);
        foreach (var (id, open) in Open) new OperationStartedRecord(id, open).WriteContent(to);
        to.Varint(Homes.Count);
        foreach (var (group, home) in Homes)
        {
            to.Text(group.ToString());
            to.Varint(home.Partitions.Count);
            foreach (var (partition, last) in home.Partitions)
            {
                to.Varint(partition);
                to.Varint(last);
            }
        }
    }

    public void Read(ref ByteReader from)
    {
        LastOperation = from.Long();
        HasSubscribers = from.Byte() != 0;
        for (var left = from.Count(); left > 0; left--) Out[from.Int()] = from.Long();
        for (var left = from.Count(); left > 0; left--)
        {
            var applied = From(from.Int());
            applied.Last = from.Long();
            for (var kept = from.Count(); kept > 0; kept--) applied.Kept[from.Long()] = OperationAnswer.Read(ref from);
        }
        for (var left = from.Count(); left > 0; left--)
        {
            var record = OperationStartedRecord.Read(ref from);
            Begin(record.Id, record.Operation);
        }
        for (var left = from.Count(); left > 0; left--)
        {
            var home = HomeOf(GroupName.Parse(from.RequiredText()));
            for (var partitions = from.Count(); partitions > 0; partitions--) home.Partitions[from.Int()] = from.Long();
        }
    }
}

/// <summary>The home of a group knows which partitions have members, not who they are.</summary>
sealed class GroupHome
{
    /// <summary>By partition with members: the number of the last operation on this group that was passed to it; 0 for the home itself.</summary>
    public Dictionary<int, long> Partitions { get; } = [];
}

/// <summary>Operations of one source that were applied.</summary>
sealed class AppliedOperations
{
    public long Last { get; set; }

    /// <summary>Answers that the source may not have yet, by number.</summary>
    public SortedDictionary<long, OperationAnswer> Kept { get; } = [];

    /// <summary>The source has the answers of everything before this number.</summary>
    public void Forget(long before)
    {
        while (Kept.Count > 0 && Kept.First().Key is var first && first < before) Kept.Remove(first);
    }
}

/// <summary>Mailboxes that a request with several targets has reached.</summary>
sealed class PostCopies(uint ends)
{
    /// <summary>Unix seconds after which no part of the request is under way any more.</summary>
    public uint Ends { get; } = ends;

    public HashSet<Slot<Location>> Mailboxes { get; } = [];
}

/// <summary>What came of an operation in one partition.</summary>
/// <param name="First">Members that a send was for; mailboxes that joined.</param>
/// <param name="Second">Members that have the message; mailboxes that left.</param>
/// <param name="Third">Members in that partition afterwards.</param>
readonly record struct OperationAnswer(int First, int Second, int Third)
{
    public OperationAnswer With(OperationAnswer other) => new(First + other.First, Second + other.Second, Third + other.Third);

    public void Write(ByteWriter to)
    {
        to.Varint(First);
        to.Varint(Second);
        to.Varint(Third);
    }

    public static OperationAnswer Read(ref ByteReader from) => new(from.Int(), from.Int(), from.Int());
}

/// <summary>An operation that was started and has not ended.</summary>
/// <param name="Local">What came of it in the partition itself, in the commit that started it.</param>
/// <param name="Targets">The other partitions, with its number in each channel.</param>
sealed record StartedOperation(PartitionOperation Operation, OperationAnswer Local, IReadOnlyList<(int Partition, long Number)> Targets);

enum PartitionOperationKind : byte
{
    Members = 1,
    Send = 2,
    Emptied = 3,
    Forward = 4,
    Subscribed = 5,
}

/// <summary>What one partition asks others to do.</summary>
abstract record PartitionOperation
{
    public abstract PartitionOperationKind Kind { get; }

    /// <summary>Bytes of a body in it.</summary>
    public virtual long Weight => 0;

    /// <summary>The whole operation, or what one target needs of it.</summary>
    /// <param name="target">Null for the whole.</param>
    public abstract void Write(ByteWriter to, int? target);

    public static PartitionOperation Read(ref ByteReader from) => (PartitionOperationKind)from.Byte() switch
    {
        PartitionOperationKind.Members => MembersPartition.Read(ref from),
        PartitionOperationKind.Send => SendPartition.Read(ref from),
        PartitionOperationKind.Emptied => new EmptiedPartition(GroupName.Parse(from.RequiredText()), from.Long()),
        PartitionOperationKind.Forward => new ForwardPartition(GroupName.Parse(from.RequiredText()), MessageCodec.ReadFrom(ref from)),
        PartitionOperationKind.Subscribed => new SubscribedPartition(from.Byte() != 0),
        var kind => throw new InvalidDataException($"{(int)kind} is no kind of operation."),
    };

    protected static void WriteNames(ByteWriter to, IReadOnlyList<MailboxName> names)
    {
        to.Varint(names.Count);
        foreach (var name in names) to.Text(name.ToString());
    }

    protected static MailboxName[] ReadNames(ref ByteReader from)
    {
        var names = new MailboxName[from.Count()];
        for (var i = 0; i < names.Length; i++) names[i] = MailboxName.Parse(from.RequiredText());
        return names;
    }
}

/// <summary>Mailboxes join and leave a group: by partition, those of it.</summary>
sealed record MembersPartition(GroupName Group, IReadOnlyDictionary<int, MembersPart> Parts) : PartitionOperation
{
    public override PartitionOperationKind Kind => PartitionOperationKind.Members;

    public override void Write(ByteWriter to, int? target)
    {
        to.Byte((byte)Kind);
        to.Text(Group.ToString());
        to.Varint(target is null ? Parts.Count : 1);
        foreach (var (partition, part) in Parts)
        {
            if (target is { } one && one != partition) continue;
            to.Varint(partition);
            to.Byte(part.RemovesAll ? (byte)1 : (byte)0);
            WriteNames(to, part.Add);
            WriteNames(to, part.Remove);
        }
    }

    public static new MembersPartition Read(ref ByteReader from)
    {
        var group = GroupName.Parse(from.RequiredText());
        var parts = new Dictionary<int, MembersPart>();
        for (var left = from.Count(); left > 0; left--)
        {
            var partition = from.Int();
            var removesAll = from.Byte() != 0;
            parts[partition] = new(ReadNames(ref from), ReadNames(ref from), removesAll);
        }
        return new(group, parts);
    }
}

/// <param name="RemovesAll">All members leave; <paramref name="Remove"/> is empty.</param>
sealed record MembersPart(IReadOnlyList<MailboxName> Add, IReadOnlyList<MailboxName> Remove, bool RemovesAll);

/// <summary>A message for the members of its group.</summary>
/// <param name="Copy">Identifies a request with several targets, of which each mailbox gets one copy; 0 for one that has only this group.</param>
/// <param name="Key">The idempotency key under which the answer is remembered, with the request's digest and the end of the memory.</param>
sealed record SendPartition(Message Message, IReadOnlyList<MailboxName> Except, TimeSpan? Idle, ulong Copy, SendKey? Key) : PartitionOperation
{
    public override PartitionOperationKind Kind => PartitionOperationKind.Send;

    public override long Weight => Message.Body.Length;

    public override void Write(ByteWriter to, int? target)
    {
        to.Byte((byte)Kind);
        MessageCodec.Write(to, Message);
        WriteNames(to, Except);
        to.Varint(Idle?.Ticks ?? 0);
        to.UInt64(Copy);
        to.Byte(Key is null ? (byte)0 : (byte)1);
        if (Key is not { } key) return;
        KeyCodec.WriteId(to, key.Key);
        to.UInt64(key.Digest);
        to.UInt32(key.Expires);
    }

    public static new SendPartition Read(ref ByteReader from)
    {
        var message = MessageCodec.ReadFrom(ref from);
        var except = ReadNames(ref from);
        var idle = from.Long() is > 0 and var ticks ? TimeSpan.FromTicks(ticks) : (TimeSpan?)null;
        var copy = from.UInt64();
        SendKey? key = from.Byte() == 0 ? null : new(KeyCodec.ReadId(ref from), from.UInt64(), from.UInt32());
        return new(message, except, idle, copy, key);
    }
}

/// <summary>The idempotency key of a group send (spec M13).</summary>
/// <param name="Expires">Unix time in seconds at which it is forgotten.</param>
readonly record struct SendKey(KeyId Key, ulong Digest, uint Expires);

/// <summary>To a group's home: the last member in this partition is gone.</summary>
/// <param name="Through">The last operation of the home that was applied before: where the home has passed on something of the group since, it knows better.</param>
sealed record EmptiedPartition(GroupName Group, long Through) : PartitionOperation
{
    public override PartitionOperationKind Kind => PartitionOperationKind.Emptied;

    public override void Write(ByteWriter to, int? target)
    {
        to.Byte((byte)Kind);
        to.Text(Group.ToString());
        to.Varint(Through);
    }
}

/// <summary>To a group's home: send this to the group.</summary>
sealed record ForwardPartition(GroupName Group, Message Message) : PartitionOperation
{
    public override PartitionOperationKind Kind => PartitionOperationKind.Forward;

    public override long Weight => Message.Body.Length;

    public override void Write(ByteWriter to, int? target)
    {
        to.Byte((byte)Kind);
        to.Text(Group.ToString());
        MessageCodec.Write(to, Message);
    }
}

/// <summary>From the home of the subscribers' group to every partition: whether there are any.</summary>
sealed record SubscribedPartition(bool HasSubscribers) : PartitionOperation
{
    public override PartitionOperationKind Kind => PartitionOperationKind.Subscribed;

    public override void Write(ByteWriter to, int? target)
    {
        to.Byte((byte)Kind);
        to.Byte(HasSubscribers ? (byte)1 : (byte)0);
    }
}

/// <summary>An operation is started: it is passed to the targets until each has answered.</summary>
readonly record struct OperationStartedRecord(long Id, StartedOperation Operation) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.OperationStarted);
        WriteContent(to);
    }

    public void WriteContent(ByteWriter to)
    {
        to.Varint(Id);
        Operation.Operation.Write(to, null);
        Operation.Local.Write(to);
        to.Varint(Operation.Targets.Count);
        foreach (var (partition, number) in Operation.Targets)
        {
            to.Varint(partition);
            to.Varint(number);
        }
    }

    public static OperationStartedRecord Read(ref ByteReader from)
    {
        var id = from.Long();
        var operation = PartitionOperation.Read(ref from);
        var local = OperationAnswer.Read(ref from);
        var targets = new (int, long)[from.Count()];
        for (var i = 0; i < targets.Length; i++) targets[i] = (from.Int(), from.Long());
        return new(id, new(operation, local, targets));
    }

    public void Apply(PartitionState state)
    {
        var channels = state.Channels;
        channels.LastOperation = Id;
        channels.Begin(Id, Operation);
        foreach (var (partition, number) in Operation.Targets) channels.Out[partition] = number;
        if (Operation.Operation is not (MembersPartition or SendPartition)) return;
        var group = Operation.Operation is MembersPartition members ? members.Group : ((SendPartition)Operation.Operation).Message.Group!.Value;
        var home = channels.HomeOf(group);
        foreach (var (partition, number) in Operation.Targets) home.Partitions[partition] = number;
    }
}

/// <summary>All targets have answered: they may forget their answers.</summary>
readonly record struct OperationEndedRecord(long Id) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.OperationEnded);
        to.Varint(Id);
    }

    public void Apply(PartitionState state) => state.Channels.End(Id);
}

/// <summary>An operation of another partition is applied, by the records beside this one.</summary>
readonly record struct OperationAppliedRecord(int Source, long Number, OperationAnswer Answer) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.OperationApplied);
        to.Varint(Source);
        to.Varint(Number);
        Answer.Write(to);
    }

    public void Apply(PartitionState state)
    {
        var applied = state.Channels.From(Source);
        applied.Last = Number;
        applied.Kept[Number] = Answer;
    }
}

/// <summary>A partition has members of a group whose home this is, or has none any more.</summary>
readonly record struct HomeChangedRecord(GroupName Group, int Partition, bool HasMembers) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.HomeChanged);
        to.Text(Group.ToString());
        to.Varint(Partition);
        to.Byte(HasMembers ? (byte)1 : (byte)0);
    }

    public void Apply(PartitionState state)
    {
        var home = state.Channels.HomeOf(Group);
        if (HasMembers) home.Partitions.TryAdd(Partition, 0);
        else home.Partitions.Remove(Partition);
        if (home.Partitions.Count == 0) state.Channels.Homes.Remove(Group);
    }
}

/// <summary>Whether somebody has subscribed to the events of mailboxes.</summary>
readonly record struct SubscribersKnownRecord(bool HasSubscribers) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.SubscribersKnown);
        to.Byte(HasSubscribers ? (byte)1 : (byte)0);
    }

    public void Apply(PartitionState state) => state.Channels.HasSubscribers = HasSubscribers;
}

/// <summary>Mailboxes have the message of a request with several targets: they get no other copy of it.</summary>
readonly record struct CopiesRecord(ulong Copy, uint Ends, IReadOnlyList<Slot<Location>> Mailboxes) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.Copies);
        WriteContent(to);
    }

    public void WriteContent(ByteWriter to)
    {
        to.UInt64(Copy);
        to.UInt32(Ends);
        to.Varint(Mailboxes.Count);
        foreach (var mailbox in Mailboxes) to.Varint(Epoch.CounterOf(mailbox.Epoch));
    }

    public void Apply(PartitionState state)
    {
        var all = state.Channels.Copies;
        if (!all.TryGetValue(Copy, out var copies)) all.Add(Copy, copies = new(Ends));
        foreach (var mailbox in Mailboxes) copies.Mailboxes.Add(mailbox);
    }
}
