namespace Mailbox.Engine;

/// <summary>
/// Mailboxes are given up: what is only in memory is stored, and then they are forgotten. Where that cannot be stored they are forgotten
/// all the same, because their next owner is waiting and has fenced this one off.
/// </summary>
sealed class ReleaseOperation(MailboxEngine engine, IReadOnlyCollection<MailboxName> names) : AnsweredOperation<bool>
{
    public override bool Relieves => true;

    public override void Plan(Batch batch)
    {
        Planned = true;
        foreach (var name in names)
        {
            if (engine.Table.LastOf(name) is not { } mailbox) continue;
            lock (mailbox) Maintenance.HandOver(batch, mailbox);
        }
    }

    public override void Succeed(Batch batch)
    {
        Forget();
        base.Succeed(batch);
    }

    public override void Fail(Outcome why)
    {
        Forget();
        base.Fail(why);
    }

    protected override bool Refuse(Outcome why) => why != Outcome.Stopping;

    void Forget()
    {
        foreach (var name in names) engine.Table.Release(name);
    }
}
