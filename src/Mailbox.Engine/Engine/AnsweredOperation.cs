using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>An operation that somebody awaits.</summary>
abstract class AnsweredOperation<TAnswer> : Operation
{
    readonly TaskCompletionSource<TAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TAnswer> Answer => _answer.Task;

    /// <summary>What was planned; answered once it is stored.</summary>
    protected TAnswer Planned { get; set; } = default!;

    public override void Succeed(Batch batch)
    {
        if (batch.Records.Fenced is { } fenced && fenced.Any(handle => DependsOn(handle.Name))) Fail(Outcome.StoreFailed);
        else _answer.TrySetResult(Planned);
    }

    public override void Fail(Outcome why)
    {
        try
        {
            _answer.TrySetResult(Refuse(why));
        }
        catch (StoreException fault)
        {
            // Where no answer says so, the fault is the answer: of whoever asked, not of the writer.
            _answer.TrySetException(fault);
        }
    }

    /// <exception cref="StoreException">There is no answer that says why.</exception>
    protected abstract TAnswer Refuse(Outcome why);

    /// <summary>Whether the answer would be wrong where nothing of this mailbox was stored, because another owner has it.</summary>
    protected virtual bool DependsOn(MailboxName mailbox) => false;
}
