using Mailbox.Engine;

namespace Mailbox.Storage;

/// <summary>
/// One mailbox of a partition: what is kept of it as long as it exists. What readers and rules need beside that is its <see cref="Live"/> part, which is
/// there while somebody uses it.
/// </summary>
sealed class Slot<TBody>(MailboxName name, ulong epoch, MailboxOptions options)
{
    public const long NoBucket = long.MaxValue;

    public MailboxName Name { get; } = name;

    public ulong Epoch { get; } = epoch;

    public MailboxState<TBody> State { get; } = new(options);

    /// <summary>Null while nobody uses the mailbox.</summary>
    public LiveMailbox? Live { get; set; }

    /// <summary>What guards the state: readers of other threads look at it while it has a live part.</summary>
    public object Gate => (object?)Live ?? this;

    /// <summary>Where <see cref="DeadlineTable{TBody}"/> keeps it: at its deadline or before.</summary>
    public long Bucket { get; set; } = NoBucket;

    /// <summary>Where <see cref="SlotList{TBody}"/> keeps it.</summary>
    public int Place { get; set; } = -1;

    /// <summary>Its making is committed and its removal is not.</summary>
    public bool IsLive { get; set; }
}

/// <summary>
/// The mailboxes of an index by a place that never changes while they live, so that a walk over all of them can be done in slices.
/// Not thread-safe.
/// </summary>
sealed class SlotList<TBody>
{
    readonly List<Slot<TBody>?> _slots = [];
    readonly Stack<int> _free = [];

    /// <summary>One above the highest place in use.</summary>
    public int End => _slots.Count;

    public int Count => _slots.Count - _free.Count;

    public Slot<TBody>? this[int place] => _slots[place];

    public void Add(Slot<TBody> slot)
    {
        if (_free.TryPop(out var place))
        {
            _slots[place] = slot;
            slot.Place = place;
            return;
        }
        slot.Place = _slots.Count;
        _slots.Add(slot);
    }

    public void Remove(Slot<TBody> slot)
    {
        _slots[slot.Place] = null;
        _free.Push(slot.Place);
        slot.Place = -1;
    }
}
