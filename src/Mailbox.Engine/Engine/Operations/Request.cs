namespace Mailbox.Engine;

/// <summary>An operation whose rule is one function.</summary>
/// <param name="plan">Runs in the writer's turn.</param>
/// <param name="refuse">What to answer where nothing was stored.</param>
/// <param name="concerns">Whether the answer would be wrong if nothing of this mailbox was stored, because another owner has it.</param>
sealed class Request<TAnswer>(
    Func<Batch, TAnswer> plan, Func<Outcome, TAnswer> refuse, bool relieves = false, Func<MailboxName, bool>? concerns = null)
    : AnsweredOperation<TAnswer>
{
    public override bool Relieves => relieves;

    public override void Plan(Batch batch) => Planned = plan(batch);

    public override void Succeed(Batch batch)
    {
        if (concerns is not null && batch.Records.Fenced?.Any(fenced => concerns(fenced.Name)) == true) Fail(Outcome.StoreFailed);
        else base.Succeed(batch);
    }

    protected override TAnswer Refuse(Outcome why) => refuse(why);
}
