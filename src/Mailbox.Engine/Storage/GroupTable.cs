namespace Mailbox.Storage;

/// <summary>Groups and their members in one partition (spec G2, G3): a group is there while it has one. Not thread-safe.</summary>
sealed class GroupTable<TBody>
{
    readonly Dictionary<GroupName, GroupMembers<TBody>> _groups = [];

    public GroupMembers<TBody>? Find(GroupName group) => _groups.GetValueOrDefault(group);

    /// <returns>False where it was a member before.</returns>
    public bool Add(GroupName group, Slot<TBody> slot)
    {
        if (!_groups.TryGetValue(group, out var members)) _groups.Add(group, members = new(group));
        if (!members.Add(slot)) return false;
        slot.State.Groups = slot.State.Groups.Length == 0 ? members.Alone : [.. slot.State.Groups, members.Name];
        return true;
    }

    public void Remove(GroupName group, Slot<TBody> slot)
    {
        if (!_groups.TryGetValue(group, out var members) || !members.Remove(slot)) return;
        slot.State.Groups = Array.FindAll(slot.State.Groups, other => other != group);
        if (members.Count == 0) _groups.Remove(group);
    }

    public void RemoveEverywhere(Slot<TBody> slot)
    {
        foreach (var group in slot.State.Groups) Remove(group, slot);
    }
}

/// <summary>The members of a group in one partition, in a dense list, so that a send walks memory in one direction.</summary>
/// <param name="name">The one text of the name that all members share.</param>
sealed class GroupMembers<TBody>(GroupName name)
{
    readonly List<Slot<TBody>> _dense = [];
    readonly Dictionary<Slot<TBody>, int> _places = [];
    MailboxName[]? _sorted;

    public GroupName Name { get; } = name;

    /// <summary>Shared by all members that are in no other group.</summary>
    public GroupName[] Alone { get; } = [name];

    public int Count => _dense.Count;

    /// <summary>One that is removed leaves its index to the last one: who walks and removes begins at the end.</summary>
    public Slot<TBody> this[int index] => _dense[index];

    public bool Contains(Slot<TBody> slot) => _places.ContainsKey(slot);

    public bool Add(Slot<TBody> slot)
    {
        if (!_places.TryAdd(slot, _dense.Count)) return false;
        _dense.Add(slot);
        _sorted = null;
        return true;
    }

    public bool Remove(Slot<TBody> slot)
    {
        if (!_places.Remove(slot, out var place)) return false;
        var last = _dense[^1];
        _dense.RemoveAt(_dense.Count - 1);
        if (place < _dense.Count) (_dense[place], _places[last]) = (last, place);
        _sorted = null;
        return true;
    }

    /// <summary>Members after a name, in ordinal order.</summary>
    public GroupPage Page(string? after, int limit)
    {
        if (_sorted is null) NameList.Sort(_sorted = [.. _dense.Select(static slot => slot.Name)]);
        var start = after is null ? 0 : NameList.IndexAfter(_sorted, after);
        var page = _sorted.AsSpan(start, Math.Min(limit, _sorted.Length - start)).ToArray();
        return new(Count, page, start + page.Length < _sorted.Length ? page[^1].ToString() : null);
    }
}
