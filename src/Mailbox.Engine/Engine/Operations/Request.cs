namespace Mailbox.Engine;

/// <summary>An operation whose rule is one function.</summary>
/// <param name="plan">Runs in the writer's turn.</param>
/// <param name="refuse">What to answer where nothing was stored.</param>
sealed class Request<TAnswer>(Func<Batch, TAnswer> plan, Func<Outcome, TAnswer> refuse, bool relieves = false) : AnsweredOperation<TAnswer>
{
    public override bool Relieves => relieves;

    public override void Plan(Batch batch) => Planned = plan(batch);

    protected override TAnswer Refuse(Outcome why) => refuse(why);
}
