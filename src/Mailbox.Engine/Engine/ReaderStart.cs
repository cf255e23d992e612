namespace Mailbox.Engine;

/// <summary>Where a reader begins.</summary>
/// <param name="Sequence">It has everything up to this number.</param>
/// <param name="Floor">What is acknowledged up to this number is not read again.</param>
/// <param name="Strange">The position it came with, where that is of another epoch or of the future.</param>
readonly record struct ReaderStart(long Sequence, long Floor, Position? Strange)
{
    /// <summary>Spec M8, M10 and section 5: a position, else unread, oldest or now. Called under <c>lock (mailbox)</c>.</summary>
    public static ReaderStart Of(LiveMailbox mailbox, OpenRequest request)
    {
        var marks = mailbox.State.Marks;
        if (request.After is { } after)
            return IsOf(mailbox, after) ? new(after.Sequence, marks.Acknowledged, null) : new(BeforeOldest(mailbox), 0, after);
        return request.From switch
        {
            StartFrom.Now => new(marks.Tail, 0, null),
            StartFrom.Oldest => new(BeforeOldest(mailbox), 0, null),
            _ => new(Math.Max(marks.Written, marks.Acknowledged), 0, null),
        };
    }

    public static bool IsOf(LiveMailbox mailbox, Position position) =>
        position.Epoch == mailbox.Handle.Epoch && position.Sequence <= mailbox.State.Marks.Tail;

    static long BeforeOldest(LiveMailbox mailbox)
    {
        var oldest = mailbox.State.IndexAfter(mailbox.State.Marks.Acknowledged);
        return oldest < mailbox.State.Count ? mailbox.State.Entries[oldest].Sequence - 1 : mailbox.State.Marks.Tail;
    }
}
