using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Checking;

/// <summary>Who was a member when, as far as answers tell.</summary>
sealed class Attendance(History history)
{
    readonly ILookup<(string, string), Membership> _changes = history.Memberships.ToLookup(change => (change.Group, change.Mailbox));
    readonly ILookup<string, Removal> _removals = history.Removals.ToLookup(removal => removal.Mailbox);

    public Presence Of(string mailbox, string group, TimeSpan from, TimeSpan to)
    {
        var changes = _changes[(group, mailbox)].Where(change => !change.Refused).ToArray();
        if (Array.Exists(changes, change => change.Begun <= to && change.Settled >= from)) return Presence.Open;
        var last = changes.Where(change => change.Settled < from).MaxBy(change => change.Begun);
        return last is { Joins: true } ? SinceJoining(mailbox, last, from, to) : Presence.Stranger;
    }

    /// <summary>A mailbox that was removed is no member, also when it was made again.</summary>
    Presence SinceJoining(string mailbox, Membership joined, TimeSpan from, TimeSpan to)
    {
        var removals = _removals[mailbox].Where(removal => removal.Settled >= joined.Begun && removal.Begun <= to).ToArray();
        if (removals.Length == 0) return Presence.Member;
        return Array.Exists(removals, removal => removal.Begun > joined.Settled && removal.Answered < from) ? Presence.Stranger : Presence.Open;
    }
}
