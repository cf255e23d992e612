using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Collects what is missing before the next message into one range with one reason, the gravest.</summary>
struct GapBuilder
{
    public long From { get; private set; }

    public long To { get; private set; }

    public GapReason Reason { get; private set; }

    public readonly bool IsEmpty => Reason == 0;

    public void Add(long from, long to, GapReason reason)
    {
        From = IsEmpty ? from : Math.Min(From, from);
        To = Math.Max(To, to);
        if (reason > Reason) Reason = reason;
    }

    /// <summary>Adds what of these lies between two numbers, both exclusive.</summary>
    public void AddHoles(IReadOnlyList<Hole> holes, long after, long before)
    {
        for (var i = 0; i < holes.Count; i++)
            if (holes[i] is var hole && hole.To > after && hole.From < before) Add(Math.Max(hole.From, after + 1), Math.Min(hole.To, before - 1), hole.Reason);
    }
}
