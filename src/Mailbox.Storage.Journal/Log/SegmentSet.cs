using System.Collections.Concurrent;

namespace Mailbox.Storage.Journal;

/// <summary>The segments that are there, and how much of each is in use. Safe from any thread; changed by one at a time.</summary>
sealed class SegmentSet : IBodyKeeper<Location>
{
    readonly ConcurrentDictionary<int, Segment> _segments = [];
    Segment? _recent;

    public IEnumerable<Segment> InOrder => _segments.Values.OrderBy(segment => segment.Number);

    public long Length => _segments.Values.Sum(segment => segment.Length);

    public Segment? Find(int number) => _segments.GetValueOrDefault(number);

    public void Add(Segment segment) => _segments[segment.Number] = segment;

    public void Remove(Segment segment)
    {
        _segments.TryRemove(segment.Number, out _);
        if (_recent == segment) _recent = null;
        segment.File.Dispose();
    }

    public void Kept(Location body)
    {
        if (Of(body) is { } segment) segment.Live += body.Weight;
    }

    public void Released(Location body)
    {
        if (Of(body) is { } segment) segment.Live -= body.Weight;
    }

    public void CloseAll()
    {
        foreach (var segment in _segments.Values) segment.File.Dispose();
    }

    /// <summary>Null while a journal is replayed whose later batches have moved the message out of a segment that is gone.</summary>
    Segment? Of(Location body)
    {
        var recent = _recent;
        if (recent is not null && recent.Number == body.Segment) return recent;
        var found = Find(body.Segment);
        if (found is not null) _recent = found;
        return found;
    }
}
