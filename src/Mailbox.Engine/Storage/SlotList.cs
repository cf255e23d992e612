namespace Mailbox.Storage;

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
