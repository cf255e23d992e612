namespace Mailbox.Engine;

/// <summary>An operation that somebody awaits.</summary>
abstract class AnsweredOperation<TAnswer> : Operation
{
    readonly TaskCompletionSource<TAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TAnswer> Answer => _answer.Task;

    /// <summary>What was planned; answered once it is stored.</summary>
    protected TAnswer Planned { get; set; } = default!;

    public override void Succeed(Batch batch) => _answer.TrySetResult(Planned);

    public override void Fail(Outcome why) => _answer.TrySetResult(Refuse(why));

    protected abstract TAnswer Refuse(Outcome why);
}
