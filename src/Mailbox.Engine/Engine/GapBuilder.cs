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
}
