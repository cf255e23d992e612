using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Station 2: a mailbox while somebody uses it: its readers, and what the rules need beside the stored state. The writer changes it and readers
/// read it, each under <c>lock (mailbox)</c>. What is not yet stored stands in <see cref="State"/> above <see cref="Committed"/>, where no reader looks.
/// </summary>
sealed class LiveMailbox
{
    public const int MostDisplaced = 64;
    const int HotMessages = 64;
    const int HotBytes = 256 << 10;

    static readonly TimeSpan s_immediateLife = TimeSpan.FromSeconds(1);

    TaskCompletionSource? _stored;
    long _evictedThrough;
    long _newestWritten;
    uint _earliestExpiry;

    public LiveMailbox(Partition partition, Slot<Location> slot)
    {
        (Partition, Slot) = (partition, slot);
        Committed = slot.State.Marks.Tail;
        Deadline = slot.State.Marks.Deadline;
        _evictedThrough = Committed;
        _newestWritten = slot.State.Marks.Written;
        foreach (ref var entry in slot.State.Entries) entry.IsWritten = entry.Sequence <= _newestWritten;
    }

    public Partition Partition { get; }

    /// <summary>Another object when the partition was loaded again.</summary>
    public Slot<Location> Slot { get; private set; }

    public MailboxName Name => Slot.Name;

    public ulong Epoch => Slot.Epoch;

    public MailboxState<Location> State => Slot.State;

    /// <summary>The newest number that is stored: the border between stored and live (spec M9).</summary>
    public long Committed { get; set; }

    /// <summary>The batch that is being stored takes messages out: readers wait for it by <see cref="WhenStored"/>.</summary>
    public bool IsLosing { get; private set; }

    /// <summary>When it is removed unless a reader comes, in Unix milliseconds; the stored one is never before it (spec M15).</summary>
    public long Deadline { get; set; }

    /// <summary>The connections that hold it, and those that have closed and were not yet taken out. Changed by the writer alone.</summary>
    public List<MailboxReader> Readers { get; } = new(0);

    /// <summary>
    /// Clients that were taken over and told to stay away (spec M14), the last of them last; at most <see cref="MostDisplaced"/>, because
    /// clients choose their names (S13). Replaced as a whole. Not stored: it is forgotten with the live part.
    /// </summary>
    public string[] Displaced { get; set; } = [];

    /// <summary>When its last connection left, in Unix milliseconds.</summary>
    public long LeftAt { get; set; }

    /// <summary>Its place in the engine's list.</summary>
    public int ListIndex { get; set; }

    /// <summary>Changed by the batch that is being planned.</summary>
    public bool IsTouched { get; set; }

    /// <summary>The mailbox was removed, or nobody used it, or its partition has moved.</summary>
    public bool IsGone { get; set; }

    /// <summary>Waits for its marks to be stored.</summary>
    public bool IsDirty { get; set; }

    /// <summary>The last <see cref="MailboxEventKind.Connected"/> was not yet followed by a disconnected.</summary>
    public bool IsAnnounced { get; set; }

    /// <summary>When a backend or a reader last used it, in Unix milliseconds.</summary>
    public long UsedAt { get; set; }

    public bool IsHeld => Readers.Count > 0;

    /// <summary>How many hold it now.</summary>
    public int Connections
    {
        get
        {
            var open = 0;
            foreach (var reader in Readers)
                if (reader.IsOpen) open++;
            return open;
        }
    }

    public Position PositionOf(long sequence) => new(Slot.Epoch, sequence);

    public bool IsDue(long now) => !IsHeld && now >= Deadline;

    /// <summary>The batch that is being planned takes a message out. Called under <c>lock (mailbox)</c>.</summary>
    public void BeginLosing() => IsLosing = true;

    /// <summary>The batch is stored or forgotten. Called under <c>lock (mailbox)</c>.</summary>
    public void EndLosing()
    {
        IsLosing = false;
        _stored?.Answer();
        _stored = null;
    }

    /// <summary>Ends when no batch is under way that takes messages out. Any thread.</summary>
    public Task WhenStored()
    {
        lock (this) return IsLosing ? Continuations.Shared((_stored ??= Continuations.Source()).Task) : Task.CompletedTask;
    }

    /// <summary>The partition was loaded again: this is the mailbox there. What its readers have taken stays taken.</summary>
    public void Relink(Slot<Location> slot)
    {
        lock (this)
        {
            var (before, after) = (State, slot.State);
            // Connections write while a batch is committed: only an acknowledgement of the batch itself had moved the mark.
            var written = before.Marks.Acknowledged == after.Marks.Acknowledged || before.Marks.Written > before.Marks.Acknowledged ? before.Marks.Written : 0;
            after.Marks = after.Marks with { Written = Math.Max(after.Marks.Written, Math.Min(written, after.Marks.Tail)) };
            foreach (ref var entry in after.Entries)
            {
                var index = before.IndexOf(entry.Sequence);
                if (index < 0)
                {
                    entry.IsWritten = entry.Sequence <= after.Marks.Written;
                    continue;
                }
                ref var old = ref before.Entries[index];
                (entry.IsWritten, entry.IsSent) = (old.IsWritten, old.IsSent);
            }
            slot.Live = this;
            Slot = slot;
            Committed = after.Marks.Tail;
            EndLosing();
            _evictedThrough = Committed;
            _newestWritten = Math.Min(_newestWritten, Committed);
            _earliestExpiry = 0;
        }
    }

    /// <summary>Whether a connection may still take it; one with a time to live of zero that comes while there is none has ended already (RFC 8030 section 5.2).</summary>
    public bool HasTakerFor(Message message) => !message.IsImmediate || Connections > 0;

    /// <summary>The newest entry was just appended: what it needs beside its record.</summary>
    public void NoteAppended(Message message, bool isVolatile, DateTimeOffset now)
    {
        ref var entry = ref State.Entries[^1];
        entry.Body = entry.Body with { Hot = message };
        entry.IsVolatile = isVolatile;
        if (message.IsImmediate && HasTakerFor(message))
        {
            // Those who are connected have a moment to take it; the store has it as ended.
            entry.IsImmediate = true;
            entry.Expires = ExpiryTick.NotBefore(now + s_immediateLife);
        }
        if (State.Count == 1 || entry.Expires < _earliestExpiry) _earliestExpiry = entry.Expires;
    }

    public bool Fits(int size) => State.Count < State.Options.MaxMessages && State.Bytes + size <= State.Options.MaxBytes;

    /// <summary>Whether one more fits once everything that is only kept for redelivery has gone (spec M11).</summary>
    /// <param name="superseded">A message that would go too, or 0.</param>
    public bool FitsUnread(int size, long superseded)
    {
        var (count, bytes) = (0, 0L);
        foreach (ref readonly var entry in State.Entries)
        {
            if (IsRead(entry) || entry.Sequence == superseded) continue;
            count++;
            bytes += entry.Size;
        }
        return count < State.Options.MaxMessages && bytes + size <= State.Options.MaxBytes;
    }

    /// <summary>What goes first when there is no room: the oldest that was written, else the oldest.</summary>
    public ref readonly MailboxEntry<Location> Victim()
    {
        var entries = State.Entries;
        var newestRead = Math.Max(_newestWritten, State.Marks.Written);
        for (var i = 0; i < entries.Length && entries[i].Sequence <= newestRead; i++)
            if (IsRead(entries[i])) return ref entries[i];
        return ref entries[0];
    }

    /// <summary>Only kept for redelivery, or for a connection that has not yet got what another acknowledged.</summary>
    public bool IsRead(in MailboxEntry<Location> entry) => entry.IsWritten || entry.Sequence <= State.Marks.Written;

    /// <summary>The numbers of the messages whose time has ended, or null for none.</summary>
    public List<long>? Expired(uint now)
    {
        if (State.Count == 0 || now < _earliestExpiry) return null;
        List<long>? expired = null;
        _earliestExpiry = uint.MaxValue;
        foreach (ref readonly var entry in State.Entries)
            if (entry.Expires <= now) (expired ??= []).Add(entry.Sequence);
            else _earliestExpiry = Math.Min(_earliestExpiry, entry.Expires);
        return expired;
    }

    /// <summary>
    /// A reader wrote everything after <paramref name="from"/> up to <paramref name="to"/> to its connection. The unread mark follows
    /// where that leaves nothing behind it that was never written (spec M8).
    /// </summary>
    public void MarkWritten(long from, long to)
    {
        var entries = State.Entries;
        for (var i = State.IndexAfter(from); i < entries.Length && entries[i].Sequence <= to; i++) entries[i].IsWritten = true;
        _newestWritten = Math.Max(_newestWritten, to);
        var mark = from <= State.Marks.Written ? State.Marks.Written : Unread;
        if (from <= mark || IsNothingBetween(mark, from)) mark = Math.Max(mark, to);
        State.Marks = State.Marks with { Written = WrittenWithoutBreak(mark) };
    }

    /// <summary>Where a reader begins that wants what was never written (spec M8).</summary>
    public long Unread => WrittenWithoutBreak(State.Marks.Written);

    bool IsNothingBetween(long mark, long from)
    {
        var next = State.IndexAfter(mark);
        return (next == State.Count || State.Entries[next].Sequence > from) && !HasHoleBetween(mark, from + 1);
    }

    long WrittenWithoutBreak(long mark)
    {
        var entries = State.Entries;
        for (var i = State.IndexAfter(mark); i < entries.Length && entries[i].IsWritten && !HasHoleBetween(mark, entries[i].Sequence); i++)
            mark = entries[i].Sequence;
        return mark;
    }

    bool HasHoleBetween(long from, long to)
    {
        foreach (var hole in State.Holes)
            if (hole.To > from && hole.From < to) return true;
        return false;
    }

    /// <summary>How far what is acknowledged may go: not past what a connection held now has still to get (spec M14).</summary>
    public long TrimLimit()
    {
        var limit = State.Marks.Acknowledged;
        foreach (var reader in Readers) limit = Math.Min(limit, reader.WrittenThrough);
        return limit;
    }

    /// <summary>
    /// Leaves bodies to the log that no connection is about to take: those that all have taken, and those so far behind the newest
    /// that only a slow reader needs them (spec M17).
    /// </summary>
    public void EvictBodies()
    {
        if (_evictedThrough >= Committed) return;
        var taken = TakenByAll();
        var entries = State.Entries;
        var (count, bytes) = (0, 0);
        var i = State.IndexAfter(Committed) - 1;
        for (; i >= 0 && entries[i].Sequence > taken && count < HotMessages && (bytes += entries[i].Size) <= HotBytes; i--) count++;
        var through = i >= 0 ? entries[i].Sequence : _evictedThrough;
        for (; i >= 0 && entries[i].Sequence > _evictedThrough; i--)
            if (!entries[i].IsVolatile) entries[i].Body = entries[i].Body with { Hot = null };
        _evictedThrough = Math.Max(_evictedThrough, through);
    }

    long TakenByAll()
    {
        var taken = long.MaxValue;
        foreach (var reader in Readers) taken = Math.Min(taken, reader.Taken);
        return taken;
    }

    public bool HasVolatile()
    {
        foreach (ref readonly var entry in State.Entries)
            if (entry.IsVolatile) return true;
        return false;
    }
}
