namespace Mailbox.Engine;

/// <summary>An operation whose rule is one function.</summary>
/// <param name="plan">Runs in the writer's turn.</param>
/// <param name="refuse">What to answer where nothing was stored.</param>
/// <param name="of">The mailbox that the answer is about, where it changes one.</param>
sealed class Request<TAnswer>(Func<Batch, TAnswer> plan, Func<Outcome, TAnswer> refuse, bool relieves = false, MailboxName of = default)
    : AnsweredOperation<TAnswer>
{
    public override bool Relieves => relieves;

    public override void Plan(Batch batch) => Planned = plan(batch);

    protected override TAnswer Refuse(Outcome why) => refuse(why);

    protected override bool DependsOn(MailboxName mailbox) => mailbox == of;
}
