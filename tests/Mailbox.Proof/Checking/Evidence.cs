using Mailbox.Proof.Deeds;
using Mailbox.Proof.Load;
using Mailbox.Proof.Reading;

namespace Mailbox.Proof.Checking;

/// <summary>All that is known when a run is over.</summary>
/// <param name="Readers">What live readers got.</param>
/// <param name="LastReads">What was left in each mailbox, read from the oldest on at the end.</param>
sealed record Evidence(
    Population Population, History History, IReadOnlyList<Log> Readers, IReadOnlyList<Log> LastReads,
    Roll Roll)
{
    readonly Dictionary<Log, HashSet<(Position, string)>> _seen = new[] { Readers, LastReads }.SelectMany(logs => logs)
        .ToDictionary(log => log, log => log.Sightings.Select(one => (one.Position, one.Body)).ToHashSet());

    readonly Dictionary<Log, HashSet<string>> _bodies = new[] { Readers, LastReads }.SelectMany(logs => logs)
        .ToDictionary(log => log, log => log.Sightings.Select(one => one.Body).ToHashSet());

    public IEnumerable<Log> Logs => [.. Readers, .. LastReads];

    public ILookup<string, Log> LogsOf { get; } = new[] { Readers, LastReads }.SelectMany(logs => logs).ToLookup(log => log.Mailbox);

    public bool IsMortal(string mailbox) => Population.Removed.Contains(mailbox);

    /// <summary>Whether nothing removed the mailbox since then, or may have.</summary>
    public bool IsKept(string mailbox, TimeSpan since) =>
        !IsMortal(mailbox) || !History.Removals.Any(removal => removal.Mailbox == mailbox && removal.Settled >= since);

    /// <returns>Those who should have seen this and have not: each reader by itself where it was not told why; else the mailbox.</returns>
    public IEnumerable<string> Missing(string mailbox, (Position Position, string Body) sighting)
    {
        if (LogsOf[mailbox].All(log => !_seen[log].Contains(sighting))) return [mailbox];
        return Readers.Where(log => log.Mailbox == mailbox && !IsMortal(mailbox))
            .Where(log => !_seen[log].Contains(sighting) && !log.Gaps.Exists(gap => gap.Covers(sighting.Position)))
            .Select(log => log.Reader);
    }

    /// <summary>Whether anybody got this letter from the mailbox.</summary>
    public bool IsSeen(string mailbox, string id) => LogsOf[mailbox].Any(log => _bodies[log].Contains(Letter.Body(id)));
}
