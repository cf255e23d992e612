namespace Mailbox.Storage;

/// <summary>
/// One change of a partition. It knows how it is written and how it changes the state; when it is planned and when it is replayed the same
/// <see cref="Apply"/> runs, so the two cannot drift apart. It takes the lock of each mailbox that it changes.
/// </summary>
interface ILogRecord
{
    void Write(ByteWriter to);

    void Apply(PartitionState state);
}

/// <summary>The first byte of every record. Numbers are never used again.</summary>
enum LogRecordKind : byte
{
    MailboxMade = 1,
    MessageAppended = 2,
    MessageRemoved = 3,
    Acknowledged = 4,
    WrittenMarked = 5,
    NumbersReserved = 6,
    DeadlineMoved = 7,
    OptionsSet = 8,
    MailboxRemoved = 9,
    MembersChanged = 10,
    KeyRemembered = 11,
    MessageMoved = 12,
    OperationStarted = 13,
    OperationEnded = 14,
    OperationApplied = 15,
    HomeChanged = 16,
    SubscribersKnown = 17,
    Copies = 18,
}

/// <summary>A mailbox comes to be.</summary>
/// <param name="Mailbox">New, with its name, epoch and options.</param>
/// <param name="Deadline">Unix milliseconds.</param>
readonly record struct MailboxMadeRecord(Slot<Location> Mailbox, long Deadline) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Begin(LogRecordKind.MailboxMade, Mailbox);
        to.Text(Mailbox.Name.ToString());
        OptionsCodec.Write(to, Mailbox.State.Options);
        to.Signed(Deadline);
    }

    public void Apply(PartitionState state)
    {
        state.LastEpoch = Math.Max(state.LastEpoch, Epoch.CounterOf(Mailbox.Epoch));
        state.Tables.Make(Mailbox, Deadline);
    }
}

/// <summary>The mailbox that gets a message, and the message's number there.</summary>
readonly record struct MessageTarget(Slot<Location> Mailbox, long Sequence);

/// <summary>A message, stored once in a partition, and a number for it in each target's mailbox (spec G6).</summary>
/// <param name="BodyOffset">Of the message in the frame's bodies; <paramref name="BodiesAt"/> is the address of the first.</param>
/// <param name="PartBytes">What the message takes there: see <see cref="MessageCodec"/>.</param>
/// <param name="Targets">In order; a mailbox stands at most once. Only the first <paramref name="Count"/> count.</param>
readonly record struct MessageAppendedRecord(
    ulong BodiesAt, int BodyOffset, int PartBytes, MessageSummary Message, MessageTarget[] Targets, int Count) : ILogRecord
{
    public Location Location => LogRecordWriting.LocationOf(BodiesAt + (uint)BodyOffset, PartBytes, Count);

    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.MessageAppended);
        to.Varint(BodyOffset);
        to.Varint(PartBytes);
        to.Varint(Message.Size);
        to.UInt32(Message.Expires);
        to.Text(Message.Topic);
        to.Targets(Targets.AsSpan(0, Count));
    }

    public void Apply(PartitionState state)
    {
        var location = Location;
        foreach (var target in Targets.AsSpan(0, Count))
            lock (target.Mailbox.Gate)
                state.Tables.Append(target.Mailbox, new(target.Sequence, Message.Size, Message.Expires, location), Message.Topic);
    }
}

/// <summary>Compaction has copied a message: those of the targets that still have it at <paramref name="From"/> find it here.</summary>
readonly record struct MessageMovedRecord(
    Location From, ulong BodiesAt, int BodyOffset, int PartBytes, MessageTarget[] Targets, int Count) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.MessageMoved);
        to.UInt64(From.Bits);
        to.Varint(BodyOffset);
        to.Varint(PartBytes);
        to.Targets(Targets.AsSpan(0, Count));
    }

    public void Apply(PartitionState state)
    {
        var location = LogRecordWriting.LocationOf(BodiesAt + (uint)BodyOffset, PartBytes, Count);
        foreach (var target in Targets.AsSpan(0, Count))
            lock (target.Mailbox.Gate) state.Tables.Relocate(target.Mailbox, target.Sequence, From, location);
    }
}

/// <summary>See <see cref="MailboxState{TBody}.Remove"/>.</summary>
/// <param name="Reason">Null: readers are not told (superseded or deleted).</param>
readonly record struct MessageRemovedRecord(Slot<Location> Mailbox, long Sequence, GapReason? Reason) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Begin(LogRecordKind.MessageRemoved, Mailbox);
        to.Varint(Sequence);
        to.Byte((byte)(Reason ?? 0));
    }

    public void Apply(PartitionState state)
    {
        lock (Mailbox.Gate) state.Tables.RemoveMessage(Mailbox, Sequence, Reason);
    }
}

/// <summary>See <see cref="MailboxState{TBody}.Acknowledge"/> and <see cref="MailboxState{TBody}.Trim"/>.</summary>
/// <param name="Trim">Messages up to here go now; below <paramref name="Sequence"/> while a connection still needs some.</param>
readonly record struct AcknowledgedRecord(Slot<Location> Mailbox, long Sequence, long Trim) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Begin(LogRecordKind.Acknowledged, Mailbox);
        to.Varint(Sequence);
        to.Varint(Trim);
    }

    public void Apply(PartitionState state)
    {
        lock (Mailbox.Gate) state.Tables.Acknowledge(Mailbox, Sequence, Trim);
    }
}

/// <summary>Moves <see cref="MailboxMarks.Written"/>; never back.</summary>
readonly record struct WrittenMarkedRecord(Slot<Location> Mailbox, long Sequence) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Begin(LogRecordKind.WrittenMarked, Mailbox);
        to.Varint(Sequence);
    }

    public void Apply(PartitionState state)
    {
        lock (Mailbox.Gate) MailboxTables<Location>.MarkWritten(Mailbox, Sequence);
    }
}

/// <summary>Moves <see cref="MailboxMarks.Reserved"/> or <see cref="MailboxMarks.Unsynced"/>.</summary>
/// <param name="Level">Of the messages that get the numbers: <see cref="Durability.Memory"/> or <see cref="Durability.Process"/>.</param>
readonly record struct NumbersReservedRecord(Slot<Location> Mailbox, long Through, Durability Level) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Begin(LogRecordKind.NumbersReserved, Mailbox);
        to.Varint(Through);
        to.Byte((byte)Level);
    }

    public void Apply(PartitionState state)
    {
        lock (Mailbox.Gate) Mailbox.State.Reserve(Through, Level);
    }
}

/// <summary>Sets <see cref="MailboxMarks.Deadline"/> and <see cref="MailboxMarks.Held"/>.</summary>
readonly record struct DeadlineMovedRecord(Slot<Location> Mailbox, long Deadline, bool IsHeld) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Begin(LogRecordKind.DeadlineMoved, Mailbox);
        to.Signed(Deadline);
        to.Byte(IsHeld ? (byte)1 : (byte)0);
    }

    public void Apply(PartitionState state)
    {
        lock (Mailbox.Gate) state.Tables.MoveDeadline(Mailbox, Deadline, IsHeld);
    }
}

readonly record struct OptionsSetRecord(Slot<Location> Mailbox, MailboxOptions Options) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Begin(LogRecordKind.OptionsSet, Mailbox);
        OptionsCodec.Write(to, Options);
    }

    public void Apply(PartitionState state)
    {
        lock (Mailbox.Gate) Mailbox.State.Options = Options;
    }
}

/// <summary>The mailbox is gone, with its queue and its memberships.</summary>
readonly record struct MailboxRemovedRecord(Slot<Location> Mailbox) : ILogRecord
{
    public void Write(ByteWriter to) => to.Begin(LogRecordKind.MailboxRemoved, Mailbox);

    public void Apply(PartitionState state)
    {
        lock (Mailbox.Gate) state.Tables.RemoveMailbox(Mailbox);
    }
}

/// <summary>Mailboxes of this partition join and leave a group.</summary>
readonly record struct MembersChangedRecord(GroupName Group, IReadOnlyList<Slot<Location>> Added, IReadOnlyList<Slot<Location>> Removed) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.MembersChanged);
        to.Text(Group.ToString());
        Write(to, Added);
        Write(to, Removed);
    }

    public void Apply(PartitionState state)
    {
        foreach (var mailbox in Added)
            lock (mailbox.Gate) state.Tables.Join(Group, mailbox);
        foreach (var mailbox in Removed)
            lock (mailbox.Gate) state.Tables.Groups.Remove(Group, mailbox);
    }

    static void Write(ByteWriter to, IReadOnlyList<Slot<Location>> members)
    {
        to.Varint(members.Count);
        foreach (var member in members) to.Varint(Epoch.CounterOf(member.Epoch));
    }
}

/// <summary>What was answered under an idempotency key (spec M13).</summary>
readonly record struct KeyRememberedRecord(KeyId Key, RememberedKey Answer) : ILogRecord
{
    public void Write(ByteWriter to)
    {
        to.Byte((byte)LogRecordKind.KeyRemembered);
        KeyCodec.Write(to, Key, Answer);
    }

    public void Apply(PartitionState state) => state.Tables.Keys.Remember(Key, Answer);
}

/// <summary>What records share when they are written.</summary>
static class LogRecordWriting
{
    public static void Begin(this ByteWriter to, LogRecordKind kind, Slot<Location> mailbox)
    {
        to.Byte((byte)kind);
        to.Varint(Epoch.CounterOf(mailbox.Epoch));
    }

    /// <summary>Mailboxes and their numbers in a few bytes each: the counters of mailboxes that were made together differ by little.</summary>
    public static void Targets(this ByteWriter to, ReadOnlySpan<MessageTarget> targets)
    {
        to.Varint(targets.Length);
        var room = to.Room(targets.Length * 2 * ByteWriter.MaxVarint);
        var length = 0;
        var before = 0UL;
        foreach (var target in targets)
        {
            var counter = Epoch.CounterOf(target.Mailbox.Epoch);
            length += ByteWriter.Put(room[length..], ByteWriter.ZigZag((long)(counter - before)));
            length += ByteWriter.Put(room[length..], (ulong)target.Sequence);
            before = counter;
        }
        to.Advance(length);
    }

    /// <summary>A message is shared by its targets; each also takes a few bytes of the record.</summary>
    public static Location LocationOf(ulong address, int partBytes, int targets) => Location.Of(address, partBytes / targets + BytesOfTarget);

    const int BytesOfTarget = 4;
}
