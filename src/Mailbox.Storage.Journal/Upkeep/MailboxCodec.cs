namespace Mailbox.Storage.Journal;

/// <summary>A mailbox in a snapshot.</summary>
static class MailboxCodec
{
    public static void Write(ByteWriter to, Slot<Location> slot)
    {
        var state = slot.State;
        to.Varint(EpochCounter.CounterOf(slot.Epoch));
        to.Text(slot.Name.ToString());
        OptionsCodec.Write(to, state.Options);
        WriteMarks(to, state.Marks);
        WriteEntries(to, state.Entries);
        WriteHoles(to, state.Holes);
        WriteTopics(to, state.Topics);
        to.Varint(state.Groups.Length);
        foreach (var group in state.Groups) to.Text(group.ToString());
    }

    /// <summary>The groups are left to the caller, which knows the table of groups.</summary>
    public static Slot<Location> Read(ref ByteReader from, uint incarnation)
    {
        var epoch = EpochCounter.EpochOf(incarnation, from.Varint());
        var name = MailboxName.Parse(from.RequiredText());
        var slot = new Slot<Location>(name, epoch, OptionsCodec.Read(ref from));
        var marks = ReadMarks(ref from);
        slot.State.Restore(marks, ReadEntries(ref from), ReadHoles(ref from), ReadTopics(ref from));
        return slot;
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
        to.Varint(entries.Length);
        foreach (ref readonly var entry in entries)
        {
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
            entries[i] = new(from.Long(), (int)from.Long(), from.UInt32(), Location.FromBits(from.UInt64()));
        return entries;
    }

    static void WriteHoles(ByteWriter to, IReadOnlyList<Hole> holes)
    {
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

    static void WriteTopics(ByteWriter to, IReadOnlyDictionary<string, long>? topics)
    {
        to.Varint(topics?.Count ?? 0);
        if (topics is null) return;
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
