namespace Mailbox.Engine;

/// <summary>Where a reader begins.</summary>
/// <param name="Sequence">It has everything up to this number.</param>
/// <param name="Floor">What is acknowledged up to this number is not read again.</param>
/// <param name="Strange">The position it came with, where that is of another epoch or of the future.</param>
readonly record struct ReaderStart(long Sequence, long Floor, Position? Strange)
{
    /// <summary>Spec M8, M10 and section 5: a position, else unread, oldest or now. Called under <c>lock (mailbox)</c>.</summary>
    /// <param name="now">As <see cref="Storage.ExpiryTick"/>.</param>
    public static ReaderStart Of(LiveMailbox mailbox, OpenRequest request, uint now)
    {
        var marks = mailbox.State.Marks;
        if (request.After is { } after)
            return IsOf(mailbox, after) ? new(after.Sequence, request.Resumes ? 0 : marks.Acknowledged, null) : new(BeforeOldest(mailbox, now), 0, after);
        return request.From switch
        {
            StartFrom.Now => new(marks.Tail, 0, null),
            StartFrom.Oldest => new(BeforeOldest(mailbox, now), 0, null),
            _ => new(Math.Max(mailbox.Unread, marks.Acknowledged), 0, null),
        };
    }

    public static bool IsOf(LiveMailbox mailbox, Position position) =>
        position.Epoch == mailbox.Handle.Epoch && position.Sequence <= mailbox.State.Marks.Tail;

    static long BeforeOldest(LiveMailbox mailbox, uint now)
    {
        var entries = mailbox.State.Entries;
        for (var i = mailbox.State.IndexAfter(mailbox.State.Marks.Acknowledged); i < entries.Length; i++)
            if (entries[i].Expires > now && !entries[i].IsImmediate) return entries[i].Sequence - 1;
        return mailbox.State.Marks.Tail;
    }
}
