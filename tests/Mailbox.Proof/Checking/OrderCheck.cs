using Mailbox.Proof.Reading;

namespace Mailbox.Proof.Checking;

/// <summary>
/// A reader gets messages in the order of their numbers, and every number: what it does not get is told as a gap, for a reason that what
/// was done explains.
/// </summary>
sealed class OrderCheck : ICheck
{
    public IEnumerable<string> Breaches(Evidence evidence) => evidence.Logs.SelectMany(log => Breaches(evidence, log));

    static IEnumerable<string> Breaches(Evidence evidence, Log log)
    {
        var last = new Dictionary<string, long>();
        foreach (var (position, _, at) in log.Sightings)
        {
            var expected = last.GetValueOrDefault(position.Epoch) + 1;
            // A repeat is allowed: whoever sees it knows the position.
            if (position.Sequence >= expected) last[position.Epoch] = position.Sequence;
            if (position.Sequence > expected && !IsTold(log, position.Epoch, expected, position.Sequence - 1))
                yield return $"{log.Reader}: after {expected - 1} came {position} at {at.TotalSeconds:0.000} s, and no gap was told";
        }
        foreach (var gap in log.Gaps.Where(gap => !IsExplained(evidence, log, gap)))
            yield return $"{log.Reader}: was told at {gap.At.TotalSeconds:0.000} s that {gap.From} to {gap.To} is missing, because of {gap.Reason}";
    }

    /// <summary>What is read at the end begins where acknowledgements have ended.</summary>
    static bool IsTold(Log log, string epoch, long from, long to) =>
        (log.IsFromOldest && from == 1) || Enumerable.Range(0, (int)(to - from + 1)).All(i => log.Gaps.Exists(gap => gap.Covers(new(epoch, from + i))));

    static bool IsExplained(Evidence evidence, Log log, Gap gap) => gap.Reason switch
    {
        "epoch" => evidence.IsMortal(log.Mailbox),
        "acknowledged" => evidence.Population.TwoReaders.Contains(log.Mailbox) || evidence.IsMortal(log.Mailbox),
        _ => false,
    };
}
