namespace Mailbox.Engine;

/// <summary>
/// Mailboxes become this engine's, and nothing is stored: the store was asked before. Answers those that it did not take; null where the
/// engine is stopping.
/// </summary>
/// <param name="onlyOwned">Takes those that it owns already, once more, and leaves the others.</param>
sealed class AcquireOperation(MailboxEngine engine, IReadOnlyCollection<MailboxName> names, bool onlyOwned)
    : AnsweredOperation<IReadOnlyCollection<MailboxName>?>
{
    readonly List<MailboxName> _taken = [];

    /// <summary>Those that it counted; known once it is answered.</summary>
    public IReadOnlyCollection<MailboxName> Taken => _taken;

    public override bool Relieves => true;

    public override void Plan(Batch batch)
    {
        var left = new List<MailboxName>();
        foreach (var name in names)
            if (onlyOwned && !engine.Table.Owns(name)) left.Add(name);
            else Take(name);
        Planned = left;
    }

    public override void Withdraw()
    {
        foreach (var name in _taken) engine.Table.Release(name);
        _taken.Clear();
    }

    /// <summary>What the same batch lost to another owner was not taken.</summary>
    public override void Succeed(Batch batch)
    {
        _taken.RemoveAll(name => !engine.Table.Owns(name));
        if (_taken.Count + Planned!.Count < names.Count) Planned = [.. names.Except(_taken)];
        base.Succeed(batch);
    }

    protected override IReadOnlyCollection<MailboxName>? Refuse(Outcome why) => null;

    void Take(MailboxName name)
    {
        // One that was loaded under an older fence could write no more.
        if (!onlyOwned) engine.Table.Forget(name);
        engine.Table.Acquire(name);
        _taken.Add(name);
    }
}
