namespace Mailbox.Engine;

/// <summary>
/// Mailboxes are given up: what is only in memory is stored, and then they are forgotten. Where that cannot be stored they are forgotten
/// all the same, because their next owner is waiting and has fenced this one off.
/// </summary>
sealed class ReleaseOperation(MailboxEngine engine, IReadOnlyCollection<MailboxName> names) : AnsweredOperation<bool>
{
    readonly List<MailboxName> _released = [];

    public override bool Relieves => true;

    /// <summary>What comes later in the same batch finds them not owned: it would change what is handed over.</summary>
    public override void Plan(Batch batch)
    {
        Planned = true;
        foreach (var name in names)
        {
            if (!engine.Table.Owns(name)) continue;
            _released.Add(name);
            if (engine.Table.Release(name) && engine.Table.InMemory(name) is { } mailbox)
                lock (mailbox) Maintenance.HandOver(batch, mailbox);
        }
    }

    public override void Withdraw()
    {
        foreach (var name in _released) engine.Table.Acquire(name);
        _released.Clear();
    }

    public override void Succeed(Batch batch)
    {
        Forget();
        base.Succeed(batch);
    }

    public override void Fail(Outcome why)
    {
        // Of an engine that stops nothing is left to forget, and this is not the writer's turn.
        if (why != Outcome.Stopping) GiveUp();
        base.Fail(why);
    }

    protected override bool Refuse(Outcome why) => why != Outcome.Stopping;

    void GiveUp()
    {
        foreach (var name in names) engine.Table.Release(name);
        Forget();
    }

    void Forget()
    {
        foreach (var name in names)
            if (!engine.Table.Owns(name)) engine.Table.Forget(name);
    }
}
