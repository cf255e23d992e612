using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Checking;

/// <summary>
/// An answered send is in every member's mailbox, in no excepted one, in none that was no member or was removed before; and the answer
/// counts them.
/// </summary>
sealed class SendCheck : ICheck
{
    public IEnumerable<string> Breaches(Evidence evidence)
    {
        var attendance = new Attendance(evidence.History);
        return evidence.History.Sends.Where(send => !send.Refused).SelectMany(send => Breaches(evidence, attendance, send));
    }

    static IEnumerable<string> Breaches(Evidence evidence, Attendance attendance, GroupSend send)
    {
        var (members, open) = (0, 0);
        foreach (var mailbox in evidence.Population.All)
        {
            var presence = send.Except.Contains(mailbox) ? Presence.Stranger : attendance.Of(mailbox, send.Group, send.Begun, send.Done);
            if (presence == Presence.Member) members++;
            if (presence == Presence.Open) open++;
            if (Breach(evidence, send, mailbox, presence) is { } breach)
                yield return $"{breach} (sent {send.Times}; {attendance.Told(mailbox, send.Group, send.Done)})";
        }
        if (send.Answered is null) yield return $"{send.Group}: {send.Id} was never answered";
        else if (send.Stored < members || send.Stored > members + open)
            yield return $"{send.Group}: {send.Id} was answered as stored for {send.Stored}, but {members} to {members + open} were members";
    }

    static string? Breach(Evidence evidence, GroupSend send, string mailbox, Presence presence)
    {
        var seen = evidence.IsSeen(mailbox, send.Id);
        return presence switch
        {
            Presence.Stranger when seen => $"{mailbox}: {send.Id} came, though it is {(send.Except.Contains(mailbox) ? "excepted" : "no member")}",
            Presence.Member when !seen && send.Answered is not null && evidence.IsKept(mailbox, send.Begun) => $"{mailbox}: {send.Id} of {send.Group} is lost",
            _ => null,
        };
    }
}
