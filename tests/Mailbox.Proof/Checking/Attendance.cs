using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Checking;

/// <summary>Who was a member when, as far as answers tell.</summary>
sealed class Attendance(History history)
{
    const int MostTold = 4;

    readonly ILookup<(string, string), Membership> _changes = history.Memberships.ToLookup(change => (change.Group, change.Mailbox));
    readonly ILookup<string, Removal> _removals = history.Removals.ToLookup(removal => removal.Mailbox);

    public Presence Of(string mailbox, string group, TimeSpan from, TimeSpan to)
    {
        var changes = _changes[(group, mailbox)].Where(change => !change.Refused).ToArray();
        if (Array.Exists(changes, change => change.Begun <= to && change.Settled >= from)) return Presence.Open;
        var last = changes.Where(change => change.Settled < from).MaxBy(change => change.Begun);
        return last is { Joins: true } ? SinceJoining(mailbox, last, from, to) : Presence.Stranger;
    }

    /// <summary>The last changes that began before then, to find a fault by.</summary>
    public string Told(string mailbox, string group, TimeSpan until)
    {
        var changes = _changes[(group, mailbox)].Select(change => (change.Begun, Text: $"{(change.Joins ? "join" : "leave")} {change.Times}"));
        var removals = _removals[mailbox].Select(removal => (removal.Begun, Text: $"removal {removal.Times}"));
        return string.Join("; ", changes.Concat(removals).Where(deed => deed.Begun <= until).OrderBy(deed => deed.Begun).TakeLast(MostTold).Select(deed => deed.Text));
    }

    /// <summary>A mailbox that was removed is no member, also when it was made again.</summary>
    Presence SinceJoining(string mailbox, Membership joined, TimeSpan from, TimeSpan to)
    {
        var removals = _removals[mailbox].Where(removal => removal.Settled >= joined.Begun && removal.Begun <= to).ToArray();
        if (removals.Length == 0) return Presence.Member;
        return Array.Exists(removals, removal => removal.Begun > joined.Settled && removal.Answered < from) ? Presence.Stranger : Presence.Open;
    }
}
