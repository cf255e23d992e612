using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>One message on its way into the mailboxes of a group: one record, a number for each (spec G6).</summary>
struct FanOut(Batch batch, Message message, Durability durability, int members)
{
    public Message Message { get; } = message;

    public Target[] Targets { get; } = new Target[members];

    /// <summary>Members it was for.</summary>
    public int Members { get; private set; }

    /// <summary>Members that have it.</summary>
    public int Stored { get; private set; }

    public int TargetCount { get; private set; }

    /// <summary>A member that has it already, as a target of the same request.</summary>
    public void CountReached()
    {
        Members++;
        Stored++;
    }

    public Outcome Append(LiveMailbox mailbox)
    {
        Members++;
        Outcome outcome;
        lock (mailbox) outcome = Admission.Append(batch, mailbox, Message, durability);
        if (outcome != Outcome.Stored) return outcome;
        Targets[TargetCount++] = new(mailbox.Handle, mailbox.State.Marks.Tail);
        Stored++;
        return outcome;
    }
}
