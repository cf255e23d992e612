namespace Mailbox.Storage;

/// <summary>The first byte of a snapshot's slice.</summary>
enum SnapshotSlice : byte
{
    Partition = 1,
    Mailboxes = 2,
    Keys = 3,
}

/// <summary>
/// Takes all that a partition holds, slice by slice, while commits go on between the slices. Each slice of mailboxes tells the newest frame they
/// have seen, and <see cref="Replay"/> passes over what a mailbox has seen: so every mailbox is exact, although no moment exists at which all
/// of them looked like this. Used in the writer's turn, while no frame is outstanding.
/// </summary>
sealed class SnapshotSource(PartitionState state, int mailboxesAtOnce)
{
    const int SliceBytes = 1 << 18;

    readonly uint[] _buckets = state.Tables.Keys.Buckets();
    int _place;
    int _bucket;
    bool _isDone;

    /// <summary>Appends the next slice, or nothing where it would be empty.</summary>
    /// <returns>False when the last slice was taken.</returns>
    public bool TakeSlice(ByteWriter into)
    {
        if (_place < state.Tables.Slots.End) TakeMailboxes(into);
        else if (_bucket < _buckets.Length) TakeKeys(into);
        else if (!_isDone) TakePartition(into);
        return !_isDone;
    }

    void TakeMailboxes(ByteWriter into)
    {
        var start = into.Length;
        into.Byte((byte)SnapshotSlice.Mailboxes);
        into.Varint(state.Applied);
        var empty = into.Length;
        var end = Math.Min(state.Tables.Slots.End, _place + mailboxesAtOnce);
        for (; _place < end && into.Length - start < SliceBytes; _place++)
            if (state.Tables.Slots[_place] is { } mailbox)
                lock (mailbox.Gate) MailboxCodec.Write(into, mailbox);
        if (into.Length == empty) into.CutTo(start);
    }

    void TakeKeys(ByteWriter into)
    {
        into.Byte((byte)SnapshotSlice.Keys);
        for (var start = into.Length; _bucket < _buckets.Length && into.Length - start < SliceBytes; _bucket++)
            foreach (var (key, answer) in state.Tables.Keys.In(_buckets[_bucket])) KeyCodec.Write(into, key, answer);
    }

    void TakePartition(ByteWriter into)
    {
        into.Byte((byte)SnapshotSlice.Partition);
        into.Varint(state.LastEpoch);
        into.Signed(state.Tables.LastSeen.ToUnixTimeMilliseconds());
        into.Varint(state.Applied);
        state.Channels.Write(into);
        into.Varint(state.Channels.Copies.Count);
        foreach (var (copy, copies) in state.Channels.Copies) new CopiesRecord(copy, copies.Ends, [.. copies.Mailboxes]).WriteContent(into);
        _isDone = true;
    }
}

/// <summary>A mailbox in a snapshot.</summary>
static class MailboxCodec
{
    public static void Write(ByteWriter to, Slot<Location> mailbox)
    {
        var state = mailbox.State;
        to.Varint(Epoch.CounterOf(mailbox.Epoch));
        to.Text(mailbox.Name.ToString());
        OptionsCodec.Write(to, state.Options);
        WriteMarks(to, state.Marks);
        WriteEntries(to, state.Entries);
        WriteHoles(to, state);
        WriteTopics(to, state);
        to.Varint(state.Groups.Length);
        foreach (var group in state.Groups) to.Text(group.ToString());
    }

    /// <summary>The groups are left to the caller, which knows the table of groups.</summary>
    public static Slot<Location> Read(ref ByteReader from, uint incarnation)
    {
        var epoch = Epoch.Of(incarnation, from.Varint());
        var name = MailboxName.Parse(from.RequiredText());
        var mailbox = new Slot<Location>(name, epoch, OptionsCodec.Read(ref from));
        var marks = ReadMarks(ref from);
        mailbox.State.Restore(marks, ReadEntries(ref from), ReadHoles(ref from), ReadTopics(ref from));
        return mailbox;
    }

    static void WriteMarks(ByteWriter to, MailboxMarks marks)
    {
        to.Varint(marks.Tail);
        to.Varint(marks.Acknowledged);
        to.Varint(marks.Written);
        to.Varint(marks.Reserved);
        to.Varint(marks.Unsynced);
        to.Signed(marks.Deadline);
        to.Byte(marks.Held ? (byte)1 : (byte)0);
    }

    static MailboxMarks ReadMarks(ref ByteReader from) =>
        new(from.Long(), from.Long(), from.Long(), from.Long(), from.Long(), from.Signed(), from.Byte() != 0);

    static void WriteEntries(ByteWriter to, ReadOnlySpan<MailboxEntry<Location>> entries)
    {
        var stored = 0;
        foreach (ref readonly var entry in entries)
            if (!entry.IsVolatile) stored++;
        to.Varint(stored);
        foreach (ref readonly var entry in entries)
        {
            if (entry.IsVolatile) continue;
            to.Varint(entry.Sequence);
            to.Varint(entry.Size);
            to.UInt32(entry.Expires);
            to.UInt64(entry.Body.Bits);
        }
    }

    static MailboxEntry<Location>[] ReadEntries(ref ByteReader from)
    {
        var entries = new MailboxEntry<Location>[from.Count()];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = new(from.Long(), from.Int(), from.UInt32(), Location.FromBits(from.UInt64()));
        return entries;
    }

    /// <summary>A message that lives in memory alone is lost to whoever reads the snapshot (spec M5).</summary>
    static void WriteHoles(ByteWriter to, MailboxState<Location> state)
    {
        var holes = new List<Hole>(state.Holes);
        foreach (ref readonly var entry in state.Entries)
            if (entry.IsVolatile) holes.Add(new(entry.Sequence, entry.Sequence, GapReason.Lost));
        if (holes.Count > state.Holes.Count) holes.Sort(static (a, b) => a.From.CompareTo(b.From));
        to.Varint(holes.Count);
        foreach (var hole in holes)
        {
            to.Varint(hole.From);
            to.Varint(hole.To);
            to.Byte((byte)hole.Reason);
        }
    }

    static Hole[] ReadHoles(ref ByteReader from)
    {
        var holes = new Hole[from.Count()];
        for (var i = 0; i < holes.Length; i++) holes[i] = new(from.Long(), from.Long(), (GapReason)from.Byte());
        return holes;
    }

    static void WriteTopics(ByteWriter to, MailboxState<Location> state)
    {
        var topics = new List<KeyValuePair<string, long>>();
        foreach (var topic in state.Topics ?? new Dictionary<string, long>())
            if (!state.Entries[state.IndexOf(topic.Value)].IsVolatile) topics.Add(topic);
        to.Varint(topics.Count);
        foreach (var (topic, sequence) in topics)
        {
            to.Text(topic);
            to.Varint(sequence);
        }
    }

    static Dictionary<string, long>? ReadTopics(ref ByteReader from)
    {
        var count = from.Count();
        if (count == 0) return null;
        var topics = new Dictionary<string, long>(count);
        for (; count > 0; count--) topics.Add(from.RequiredText(), from.Long());
        return topics;
    }
}
