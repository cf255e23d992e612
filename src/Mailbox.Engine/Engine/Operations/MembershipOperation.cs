namespace Mailbox.Engine;

/// <summary>A change of who is in a group.</summary>
sealed class MembershipOperation(
    MailboxEngine engine, GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove)
    : AnsweredOperation<MembersResult>
{
    public override bool Relieves => add.Count == 0;

    public override void Plan(Batch batch) => Planned = Membership.Change(batch, engine, group, add, remove);

    protected override MembersResult Refuse(Outcome why) => new(why);

    protected override bool DependsOn(MailboxName mailbox) => add.Contains(mailbox) || remove.Contains(mailbox);
}
