using System.Runtime.InteropServices;

namespace Mailbox.Storage;

/// <summary>
/// Station 2: the state of one mailbox and the only functions that change it. The engine's live mailboxes and the stores' indexes are made of
/// it, and recovery replays through the same functions, so they cannot drift apart. Not thread-safe.
/// </summary>
/// <typeparam name="TBody">The message itself, or its place on a disk.</typeparam>
public sealed class MailboxState<TBody>
{
    static readonly Hole[] s_noHoles = [];
    static readonly Dictionary<string, long> s_noTopics = [];

    MailboxEntry<TBody>[] _entries = [];
    int _head;
    Hole[] _holes = s_noHoles;
    Dictionary<string, long>? _topics;
    // The other direction, so that a message that goes finds its topic without a search through all of them.
    Dictionary<long, string>? _topicOf;

    public MailboxState(MailboxOptions options) => Options = options;

    public MailboxMarks Marks { get; set; }

    public MailboxOptions Options { get; set; }

    /// <summary>The groups it is a member of; replaced as a whole.</summary>
    public GroupName[] Groups { get; set; } = [];

    /// <summary>Everything up to it was acknowledged and has been taken out.</summary>
    public long Trimmed { get; private set; }

    /// <summary>Messages kept.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the bodies kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>In order of number; replaced as a whole, so that a reader of it sees one state.</summary>
    public IReadOnlyList<Hole> Holes => _holes;

    /// <summary>The newest number of each topic that a message kept has; null for none.</summary>
    public IReadOnlyDictionary<string, long>? Topics => _topics;

    /// <summary>The entries in order of number.</summary>
    public Span<MailboxEntry<TBody>> Entries => _entries.AsSpan(_head, Count);

    /// <summary>The index in <see cref="Entries"/> of the first entry with a number above this one; <see cref="Count"/> for none.</summary>
    public int IndexAfter(long sequence)
    {
        var entries = Entries;
        if (entries.Length == 0 || entries[^1].Sequence <= sequence) return entries.Length;
        int low = 0, high = entries.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (entries[middle].Sequence > sequence) high = middle; else low = middle + 1;
        }
        return low;
    }

    /// <summary>The index of the entry with this number, or -1.</summary>
    public int IndexOf(long sequence)
    {
        var index = IndexAfter(sequence - 1);
        return index < Count && Entries[index].Sequence == sequence ? index : -1;
    }

    /// <summary>Adds a message. Numbers that were passed over are a hole: they were given out and not stored (spec M5).</summary>
    public void Append(in MailboxEntry<TBody> entry, string? topic)
    {
        if (entry.Sequence > Marks.Tail + 1) AddHole(Marks.Tail + 1, entry.Sequence - 1, GapReason.Lost);
        if (_head + Count == _entries.Length) MakeRoom();
        _entries[_head + Count++] = entry;
        Bytes += entry.Size;
        Marks = Marks with { Tail = entry.Sequence };
        if (topic is not null) NoteTopic(topic, entry.Sequence);
    }

    /// <summary>Takes one message out. With a reason readers are told of it (spec M10); without, not (superseded or deleted).</summary>
    public void Remove(long sequence, GapReason? reason)
    {
        var index = IndexOf(sequence);
        if (index < 0) return;
        RemoveAt(index);
        if (reason is { } why) AddHole(sequence, sequence, why);
    }

    /// <summary>Moves the acknowledged mark; never back (spec M7). The messages stay until <see cref="Trim"/>.</summary>
    public void Acknowledge(long sequence)
    {
        if (sequence <= Marks.Acknowledged) return;
        Marks = Marks with { Acknowledged = sequence, Written = Math.Max(Marks.Written, sequence) };
    }

    /// <summary>Takes out everything up to a number, and forgets the holes there.</summary>
    public void Trim(long through)
    {
        Trimmed = Math.Max(Trimmed, through);
        var count = IndexAfter(through);
        for (var i = 0; i < count; i++) RemoveAt(0);
        if (_holes.Length > 0 && _holes[0].From <= through) TrimHoles(through);
    }

    /// <summary>Numbers up to this one may be given out at a level below <see cref="Durability.Disk"/>; as low as the tail gives back the unused.</summary>
    public void Reserve(long through, Durability level) =>
        Marks = level == Durability.Memory ? Marks with { Reserved = through } : Marks with { Unsynced = through };

    /// <summary>
    /// After a crash: numbers that were reserved may have been given out, so they are never issued again but are lost (spec M5);
    /// everything acknowledged is trimmed, because no connection waits for it.
    /// </summary>
    /// <param name="hasLostPower">What was not synced may be lost too; else it is all there.</param>
    public void Recover(bool hasLostPower)
    {
        var given = hasLostPower ? Math.Max(Marks.Reserved, Marks.Unsynced) : Marks.Reserved;
        if (given > Marks.Tail)
        {
            AddHole(Marks.Tail + 1, given, GapReason.Lost);
            Marks = Marks with { Tail = given };
        }
        Trim(Marks.Acknowledged);
    }

    /// <summary>Sets what a snapshot holds, into a state that is new.</summary>
    /// <param name="trimmed">Null for as much as can be.</param>
    public void Restore(
        MailboxMarks marks, ReadOnlySpan<MailboxEntry<TBody>> entries, IEnumerable<Hole> holes, IReadOnlyDictionary<string, long>? topics,
        long? trimmed = null)
    {
        _entries = entries.ToArray();
        _head = 0;
        Count = entries.Length;
        Bytes = 0;
        foreach (ref readonly var entry in entries) Bytes += entry.Size;
        _holes = [.. holes];
        (_topics, _topicOf) = (null, null);
        foreach (var (topic, newest) in topics ?? s_noTopics) NoteTopic(topic, newest);
        Marks = marks;
        Trimmed = trimmed ?? Math.Min(marks.Acknowledged, Count == 0 ? marks.Acknowledged : Entries[0].Sequence - 1);
    }

    /// <summary>Numbers that are gone and told. Two holes without a message between them are one: a reader gets one gap (spec M10).</summary>
    public void AddHole(long from, long to, GapReason reason)
    {
        var at = Array.FindIndex(_holes, hole => hole.From > from);
        if (at < 0) at = _holes.Length;
        var hole = new Hole(from, to, reason);
        var first = at > 0 && Adjoins(_holes[at - 1], hole) ? at - 1 : at;
        var last = at < _holes.Length && Adjoins(hole, _holes[at]) ? at : at - 1;
        for (var i = first; i <= last; i++) hole = Cover(hole, _holes[i]);
        _holes = [.. _holes.AsSpan(0, first), hole, .. _holes.AsSpan(Math.Max(last + 1, first))];
    }

    bool Adjoins(Hole left, Hole right)
    {
        var next = IndexAfter(left.To);
        return next == Count || Entries[next].Sequence > right.From;
    }

    static Hole Cover(Hole a, Hole b) =>
        new(Math.Min(a.From, b.From), Math.Max(a.To, b.To), a.Reason > b.Reason ? a.Reason : b.Reason);

    void TrimHoles(long through)
    {
        var kept = new List<Hole>(_holes.Length);
        foreach (var hole in _holes)
            if (hole.To > through) kept.Add(hole with { From = Math.Max(hole.From, through + 1) });
        _holes = kept.Count == 0 ? s_noHoles : [.. kept];
    }

    void RemoveAt(int index)
    {
        ref var entry = ref Entries[index];
        Bytes -= entry.Size;
        ForgetTopic(entry.Sequence);
        if (index == 0)
        {
            entry = default;
            _head++;
        }
        else
        {
            Entries[(index + 1)..].CopyTo(Entries[index..]);
            Entries[^1] = default;
        }
        if (--Count == 0) Empty();
    }

    void Empty()
    {
        _head = 0;
        if (_entries.Length > 8) _entries = [];
    }

    void NoteTopic(string topic, long newest)
    {
        (_topics, _topicOf) = (_topics ?? [], _topicOf ?? []);
        if (_topics.TryGetValue(topic, out var older)) _topicOf.Remove(older);
        (_topics[topic], _topicOf[newest]) = (newest, topic);
    }

    void ForgetTopic(long sequence)
    {
        if (_topicOf?.Remove(sequence, out var topic) != true) return;
        _topics!.Remove(topic!);
        if (_topics.Count == 0) (_topics, _topicOf) = (null, null);
    }

    /// <summary>Slides the entries to the front, or grows by half: most mailboxes hold a few messages.</summary>
    void MakeRoom()
    {
        var room = _head > Count / 2 ? _entries : new MailboxEntry<TBody>[Math.Max(2, Count + (Count >> 1) + 1)];
        Entries.CopyTo(room);
        if (ReferenceEquals(room, _entries)) room.AsSpan(Count).Clear();
        (_entries, _head) = (room, 0);
    }
}

/// <summary>One message in a mailbox's queue: what the rules need of it, and where its body is.</summary>
/// <typeparam name="TBody">The message itself, or its place on a disk.</typeparam>
// Auto: in the order of declaration padding would cost 8 bytes a message.
[StructLayout(LayoutKind.Auto)]
public struct MailboxEntry<TBody>
{
    const uint WrittenFlag = 1u << 31;
    const uint SentFlag = 1u << 30;
    const uint VolatileFlag = 1u << 29;
    const uint ImmediateFlag = 1u << 28;
    const uint SizeMask = ImmediateFlag - 1;

    uint _sizeAndFlags;

    public MailboxEntry(long sequence, int size, uint expires, TBody body)
    {
        Sequence = sequence;
        _sizeAndFlags = (uint)size;
        Expires = expires;
        Body = body;
    }

    public long Sequence { get; }

    /// <summary>As <see cref="ExpiryTick"/>.</summary>
    public uint Expires { get; set; }

    public TBody Body { get; set; }

    /// <summary>The bytes of the body; below 256 MiB.</summary>
    public readonly int Size => (int)(_sizeAndFlags & SizeMask);

    /// <summary>Flushed to a connection's socket. Not stored for each message: see <see cref="MailboxMarks.Written"/>.</summary>
    public bool IsWritten
    {
        readonly get => (_sizeAndFlags & WrittenFlag) != 0;
        set => Set(WrittenFlag, value);
    }

    /// <summary>Taken by a reader at least once. Not stored.</summary>
    public bool IsSent
    {
        readonly get => (_sizeAndFlags & SentFlag) != 0;
        set => Set(SentFlag, value);
    }

    /// <summary>Not in the store (<see cref="Durability.Memory"/>).</summary>
    public bool IsVolatile
    {
        readonly get => (_sizeAndFlags & VolatileFlag) != 0;
        set => Set(VolatileFlag, value);
    }

    /// <summary>Only for the connections that held the mailbox when it was accepted (a time to live of zero). Not stored: none of them outlives the process.</summary>
    public bool IsImmediate
    {
        readonly get => (_sizeAndFlags & ImmediateFlag) != 0;
        set => Set(ImmediateFlag, value);
    }

    void Set(uint flag, bool value) => _sizeAndFlags = value ? _sizeAndFlags | flag : _sizeAndFlags & ~flag;
}

/// <summary>The numbers of a mailbox that are stored.</summary>
/// <param name="Tail">The newest number given out; 0 before the first.</param>
/// <param name="Acknowledged">Everything up to it has arrived (spec M7).</param>
/// <param name="Written">Everything up to it was written to a connection, or is gone (spec M8).</param>
/// <param name="Reserved">Numbers up to it may have been given out without a trace in the store (spec M5); 0 for none.</param>
/// <param name="Unsynced">Numbers up to it may have been given out to messages that a loss of power takes back; 0 for none.</param>
/// <param name="Deadline">Unix time in milliseconds at which the mailbox is removed; never before the true one (spec M15).</param>
/// <param name="Held">A connection held it: the deadline counts from the next start.</param>
public readonly record struct MailboxMarks(long Tail, long Acknowledged, long Written, long Reserved, long Unsynced, long Deadline, bool Held);

/// <summary>Numbers above the trimmed ones that are gone and of which readers are told.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Inclusive.</param>
public readonly record struct Hole(long From, long To, GapReason Reason);

/// <summary>Counts what of a store's space is in use.</summary>
interface IBodyKeeper<TBody>
{
    /// <summary>One more message has this body.</summary>
    void Kept(TBody body);

    /// <summary>One message less has this body.</summary>
    void Released(TBody body);
}
