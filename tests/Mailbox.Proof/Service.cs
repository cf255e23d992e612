using Mailbox.Proof.Faults;
using Mailbox.Proof.Reading;

namespace Mailbox.Proof;

/// <summary>How long readers were without a message around a fault: for each the longest time between two that followed each other.</summary>
readonly record struct Service(TimeSpan Median, TimeSpan Longest)
{
    public static Service During(Audience audience, Strike strike)
    {
        var gaps = audience.Lasting.Select(log => LongestGap(log, strike)).Order().ToArray();
        return new(gaps[gaps.Length / 2], gaps[^1]);
    }

    // The reader is still adding to its log; only what is there is looked at.
    static TimeSpan LongestGap(Log log, Strike strike)
    {
        var longest = TimeSpan.Zero;
        for (var i = log.Sightings.Count - 1; i > 0 && log.Sightings[i].At >= strike.Begun; i--)
        {
            var gap = log.Sightings[i].At - log.Sightings[i - 1].At;
            if (log.Sightings[i - 1].At <= strike.Ended && gap > longest) longest = gap;
        }
        return longest;
    }
}
