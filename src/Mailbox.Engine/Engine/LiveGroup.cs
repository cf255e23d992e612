namespace Mailbox.Engine;

/// <summary>A group in memory: its members in a dense list, so that a send walks memory in one direction. Used in the writer's turn alone.</summary>
sealed class LiveGroup
{
    readonly Dictionary<MailboxName, int> _places;
    readonly List<Member> _members;
    MailboxName[]? _sorted;

    public LiveGroup(GroupName name, IReadOnlyList<MailboxName> members)
    {
        Name = name;
        _members = new(members.Count);
        _places = new(members.Count);
        foreach (var member in members) Add(member, null);
    }

    public GroupName Name { get; }

    public int Count => _members.Count;

    /// <summary>Changed by the batch that is being planned.</summary>
    public bool IsTouched { get; set; }

    public long UsedAt { get; set; }

    public MailboxName NameAt(int index) => _members[index].Name;

    /// <summary>The member's mailbox if it is still in memory.</summary>
    public LiveMailbox? LiveAt(int index) => _members[index].Mailbox is { IsGone: false } live ? live : null;

    public void Remember(int index, LiveMailbox mailbox) => _members[index] = new(mailbox.Name, mailbox);

    public bool Contains(MailboxName member) => _places.ContainsKey(member);

    public bool Add(MailboxName member, LiveMailbox? mailbox)
    {
        if (!_places.TryAdd(member, _members.Count)) return false;
        _members.Add(new(member, mailbox));
        _sorted = null;
        return true;
    }

    public bool Remove(MailboxName member)
    {
        if (!_places.Remove(member, out var place)) return false;
        var last = _members[^1];
        _members.RemoveAt(_members.Count - 1);
        if (place < _members.Count) (_members[place], _places[last.Name]) = (last, place);
        _sorted = null;
        return true;
    }

    /// <summary>Members after a name, in ordinal order.</summary>
    public GroupPage Page(string? after, int limit)
    {
        _sorted ??= Sort();
        var start = after is null ? 0 : FirstAfter(after);
        var page = _sorted.AsSpan(start, Math.Min(limit, _sorted.Length - start)).ToArray();
        return new(Count, page, start + page.Length < _sorted.Length ? page[^1].ToString() : null);
    }

    MailboxName[] Sort()
    {
        MailboxName[] names = [.. _members.Select(member => member.Name)];
        Array.Sort(names, static (a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));
        return names;
    }

    int FirstAfter(string name)
    {
        int low = 0, high = _sorted!.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (string.CompareOrdinal(_sorted[middle].ToString(), name) > 0) high = middle; else low = middle + 1;
        }
        return low;
    }

    readonly record struct Member(MailboxName Name, LiveMailbox? Mailbox);
}
