using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Stations 2 and 3 for some members of a group send: their entries and the report that they are done are one commit (spec G9).</summary>
sealed class SendPartOperation(MailboxEngine engine, OpenSend send, IReadOnlyList<SendMember> members)
    : AnsweredOperation<IReadOnlyList<PartOutcome>>
{
    readonly PartOutcome[] _outcomes = new PartOutcome[members.Count];

    public override long Weight => Math.Max(1, send.Message.Body.Length);

    public override void Plan(Batch batch)
    {
        var fanOut = new FanOut(batch, send.Message, Durability.Disk, members.Count);
        var (stored, refused) = (new List<MailboxHandle>(members.Count), new List<SendMember>());
        for (var i = 0; i < members.Count; i++)
        {
            _outcomes[i] = Append(batch, members[i], ref fanOut, stored);
            if (_outcomes[i] == PartOutcome.Refused) refused.Add(members[i]);
        }
        if (fanOut.TargetCount > 0) batch.Add(new MessageAppended(send.Message, fanOut.Targets, fanOut.TargetCount), Durability.Disk);
        if (stored.Count + refused.Count > 0) batch.Add(new SendPartDone(send.Id, stored, refused), Durability.Disk);
        Planned = _outcomes;
        Count(fanOut);
    }

    public override void Succeed(Batch batch)
    {
        if (batch.Records.Fenced is { } fenced) NoteFenced([.. fenced.Select(static handle => handle.Name)]);
        base.Succeed(batch);
    }

    protected override IReadOnlyList<PartOutcome> Refuse(Outcome why) => [.. members.Select(static _ => PartOutcome.NotOwner)];

    /// <summary>A membership holds the mailbox's epoch: one that was made again is not a member (spec G3).</summary>
    PartOutcome Append(Batch batch, SendMember member, ref FanOut fanOut, List<MailboxHandle> stored)
    {
        if (!engine.Table.Owns(member.Mailbox)) return PartOutcome.NotOwner;
        if (engine.Table.Find(member.Mailbox) is not { } mailbox || mailbox.Handle.Epoch != member.Epoch) return PartOutcome.Refused;
        if (fanOut.Append(mailbox) != Outcome.Stored) return PartOutcome.Refused;
        if (send.Idle is { } idle) lock (mailbox) Lifetime.SetIdle(batch, mailbox, idle);
        stored.Add(mailbox.Handle);
        return PartOutcome.Stored;
    }

    void NoteFenced(HashSet<MailboxName> fenced)
    {
        for (var i = 0; i < _outcomes.Length; i++)
            if (fenced.Contains(members[i].Mailbox)) _outcomes[i] = PartOutcome.NotOwner;
    }

    void Count(in FanOut fanOut)
    {
        engine.Meter.Entries += fanOut.TargetCount;
        engine.Meter.Refusals += fanOut.Members - fanOut.Stored;
    }
}
