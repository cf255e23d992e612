using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>How the mailboxes of a batch were before it, for a store that had no room for the batch (nothing is half-done).</summary>
sealed class UndoLog
{
    readonly List<Saved> _saved = [];
    readonly List<(LiveMailbox Mailbox, MailboxEntry<Message?> Entry)> _removed = [];

    public void Save(LiveMailbox mailbox)
    {
        var state = mailbox.State;
        var topics = state.Topics is { } kept ? new Dictionary<string, long>(kept) : null;
        _saved.Add(new(mailbox, state.Marks, state.Trimmed, state.Holes, topics, state.Options, state.Groups, mailbox.Deadline, mailbox.IsHeld));
    }

    public void Keep(LiveMailbox mailbox, in MailboxEntry<Message?> entry) => _removed.Add((mailbox, entry));

    public void Roll()
    {
        var removed = _removed.ToLookup(pair => pair.Mailbox, pair => pair.Entry);
        foreach (var saved in _saved) Restore(saved, removed[saved.Mailbox]);
    }

    public void Clear()
    {
        _saved.Clear();
        _removed.Clear();
    }

    static void Restore(Saved saved, IEnumerable<MailboxEntry<Message?>> removed)
    {
        var mailbox = saved.Mailbox;
        lock (mailbox)
        {
            var kept = mailbox.State.Entries[..mailbox.State.IndexAfter(saved.Marks.Tail)].ToArray();
            MailboxEntry<Message?>[] before = [.. kept.Concat(removed.Where(e => e.Sequence <= saved.Marks.Tail)).OrderBy(e => e.Sequence)];
            mailbox.State.Restore(saved.Marks with { Written = WrittenOf(saved, mailbox) }, before, saved.Holes, saved.Topics, saved.Trimmed);
            (mailbox.State.Options, mailbox.State.Groups) = (saved.Options, saved.Groups);
            // That the last reader left is true, stored or not: its idle time has begun.
            mailbox.Deadline = saved.IsHeld && !mailbox.IsHeld ? Math.Max(mailbox.Deadline, saved.Deadline) : saved.Deadline;
            mailbox.NoteRestored();
        }
    }

    /// <summary>Connections write while a batch is committed: only an acknowledgement of the batch itself moves the mark back.</summary>
    static long WrittenOf(Saved saved, LiveMailbox mailbox)
    {
        var marks = mailbox.State.Marks;
        return marks.Acknowledged == saved.Marks.Acknowledged || marks.Written > marks.Acknowledged ? marks.Written : saved.Marks.Written;
    }

    readonly record struct Saved(
        LiveMailbox Mailbox, MailboxMarks Marks, long Trimmed, IReadOnlyList<Hole> Holes, IReadOnlyDictionary<string, long>? Topics,
        MailboxOptions Options, GroupName[] Groups, long Deadline, bool IsHeld);
}
