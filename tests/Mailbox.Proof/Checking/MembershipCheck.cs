namespace Mailbox.Proof.Checking;

/// <summary>At the end the members of a group are those whose last acknowledged change says so.</summary>
sealed class MembershipCheck : ICheck
{
    public IEnumerable<string> Breaches(Evidence evidence)
    {
        var attendance = new Attendance(evidence.History);
        foreach (var group in evidence.Population.Groups)
            foreach (var mailbox in evidence.Population.All)
            {
                var presence = attendance.Of(mailbox, group, evidence.Roll.Begun, evidence.Roll.Ended);
                var isThere = evidence.Roll.Members[group].Contains(mailbox);
                if (presence == Presence.Member && !isThere) yield return $"{group}: {mailbox} joined and is no member ({Told(mailbox, group)})";
                if (presence == Presence.Stranger && isThere) yield return $"{group}: {mailbox} is a member, though it left, was removed or never joined ({Told(mailbox, group)})";
            }

        string Told(string mailbox, string group) => attendance.Told(mailbox, group, evidence.Roll.Ended);
    }
}
