namespace Mailbox.Storage;

/// <summary>
/// Names in ordinal order for paging. The order is made at the first page and kept: names that come later lie beside it, names
/// that have gone are passed over; when either are many it is made again. Not thread-safe.
/// </summary>
sealed class NameList
{
    const int Beside = 100_000;

    static readonly Comparer<MailboxName> s_ordinal =
        Comparer<MailboxName>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));

    MailboxName[]? _sorted;
    SortedSet<MailboxName>? _added;
    int _removed;

    public bool IsReady => _sorted is not null;

    public static void Sort(MailboxName[] names) => Array.Sort(names, s_ordinal);

    /// <summary>The first of names that come from several lists, in ordinal order.</summary>
    public static MailboxName[] FirstOf(IEnumerable<MailboxName> names, int limit)
    {
        MailboxName[] sorted = [.. names];
        Sort(sorted);
        return sorted.Length <= limit ? sorted : sorted[..limit];
    }

    /// <summary>From here on additions are kept beside the order that is being made.</summary>
    public void Begin()
    {
        _sorted = null;
        _added = new(s_ordinal);
        _removed = 0;
    }

    public void Complete(MailboxName[] sorted) => _sorted = sorted;

    public void Add(MailboxName name)
    {
        if (_added is null) return;
        _added.Add(name);
        if (_added.Count > Beside) Forget();
    }

    public void Remove()
    {
        if (_sorted is not null && ++_removed > Beside + _sorted.Length / 2) Forget();
    }

    public List<MailboxName> Page(string? after, int limit, Func<MailboxName, bool> exists)
    {
        var page = new List<MailboxName>();
        foreach (var name in Merge(after))
        {
            if (page.Count == limit) break;
            if (exists(name)) page.Add(name);
        }
        return page;
    }

    IEnumerable<MailboxName> Merge(string? after)
    {
        var at = after is null ? 0 : IndexAfter(_sorted!, after);
        foreach (var added in Added(after))
        {
            for (; at < _sorted!.Length && s_ordinal.Compare(_sorted[at], added) < 0; at++) yield return _sorted[at];
            if (at < _sorted.Length && _sorted[at] == added) at++;
            yield return added;
        }
        for (; at < _sorted!.Length; at++) yield return _sorted[at];
    }

    IEnumerable<MailboxName> Added(string? after)
    {
        if (after is null || _added!.Count == 0) return _added!;
        if (string.CompareOrdinal(_added.Max.ToString(), after) <= 0) return [];
        // An "after" need not be a name; the few that are not above it are passed over.
        return MailboxName.TryParse(after, out var from)
            ? _added.GetViewBetween(from, _added.Max).SkipWhile(name => name == from)
            : _added.SkipWhile(name => string.CompareOrdinal(name.ToString(), after) <= 0);
    }

    /// <summary>The index of the first name above a text; the length for none.</summary>
    public static int IndexAfter(MailboxName[] sorted, string after)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (string.CompareOrdinal(sorted[middle].ToString(), after) > 0) high = middle; else low = middle + 1;
        }
        return low;
    }

    void Forget()
    {
        _sorted = null;
        _added = null;
    }
}
