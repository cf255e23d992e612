namespace Mailbox.Proof.Reading;

/// <summary>What one reader got of one mailbox, in the order in which it came. One reader writes it; it is read when that has ended.</summary>
sealed class Log(string reader, string mailbox)
{
    long _lastSeen;

    public string Reader => reader;

    public string Mailbox => mailbox;

    /// <summary>Whether it began with what others had left, not with an empty mailbox.</summary>
    public bool IsFromOldest { get; init; }

    public List<Sighting> Sightings { get; } = [];

    public List<Gap> Gaps { get; } = [];

    /// <summary>Where the reader is; null before the first position it was told.</summary>
    public Position? Position { get; private set; }

    /// <summary>When the last message came; any thread may ask.</summary>
    public TimeSpan LastSeen => new(Interlocked.Read(ref _lastSeen));

    public void Take(Sighting sighting)
    {
        Sightings.Add(sighting);
        Position = sighting.Position;
        Interlocked.Exchange(ref _lastSeen, sighting.At.Ticks);
    }

    public void Take(Gap gap)
    {
        Gaps.Add(gap);
        Position = gap.To;
    }

    public void BeginAt(Position? position) => Position = position;
}
