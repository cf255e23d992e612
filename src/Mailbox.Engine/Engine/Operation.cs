using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Something that the writer does in its turn. It is planned once and answered when the batch it was planned into is stored; or
/// failed, and then nothing of it is stored.
/// </summary>
abstract class Operation
{
    /// <summary>Bytes of bodies that wait with it.</summary>
    public virtual long Weight => 0;

    public virtual Priority Priority => Priority.Normal;

    /// <summary>Applies the rules and adds the records. A fault of the code, not of a caller, may throw.</summary>
    public abstract void Plan(Batch batch);

    /// <summary>
    /// The batch is not stored, and its partitions are about to be loaded again: take back what the plan changed beside them, such as who holds a mailbox.
    /// </summary>
    public virtual void Withdraw()
    {
    }

    /// <summary>The batch is stored, but for partitions that were fenced: answer.</summary>
    public abstract void Succeed(Batch batch);

    /// <summary>Nothing of the operation is known to be stored: answer why.</summary>
    public abstract void Fail(Outcome why);
}

/// <summary>How soon the writer comes to an operation.</summary>
enum Priority
{
    /// <summary>Runs with the next batch; does not wake the writer, until a whole batch of them waits.</summary>
    Deferred,

    /// <summary>Wakes the writer's thread.</summary>
    Normal,

    /// <summary>
    /// Takes microseconds where it need not be synced, as an open of a mailbox that exists: the thread that asks may be the writer for one batch,
    /// rather than wait for two threads to wake.
    /// </summary>
    Inline,
}

/// <summary>An operation that somebody awaits.</summary>
abstract class AnsweredOperation<TAnswer> : Operation
{
    readonly TaskCompletionSource<TAnswer> _answer = Continuations.Source<TAnswer>();

    public Task<TAnswer> Answer => _answer.Task;

    /// <summary>
    /// Called by the thread that stores, instead of <see cref="Answer"/>, by somebody who only passes the answer on: no other thread need wake for each. Must
    /// return at once and throw nothing. Set before the operation is queued.
    /// </summary>
    public Action<TAnswer>? Answered { get; init; }

    /// <summary>What was planned; answered once it is stored.</summary>
    protected TAnswer Planned { get; set; } = default!;

    /// <summary>The partition that the answer depends on; null for none.</summary>
    protected Partition? Partition { get; set; }

    public override void Succeed(Batch batch)
    {
        if (Partition is { IsFenced: true }) Fail(Outcome.NotOwner);
        else Complete(Planned);
    }

    public override void Fail(Outcome why)
    {
        try
        {
            Complete(Refuse(why));
        }
        catch (StoreException fault)
        {
            // Where no answer says so, the fault is the answer: of whoever asked, not of the writer.
            _answer.Fault(fault);
        }
    }

    /// <summary>Answers: at the end of the batch, or later.</summary>
    protected void Complete(TAnswer answer)
    {
        if (Answered is null) _answer.Answer(answer);
        else Answered(answer);
    }

    /// <exception cref="StoreException">There is no answer that says why.</exception>
    protected abstract TAnswer Refuse(Outcome why);
}

/// <summary>An operation on one mailbox, or on none, whose rule is one function.</summary>
/// <param name="plan">Runs in the writer's turn, with the mailbox's partition.</param>
/// <param name="refuse">What to answer where nothing was stored.</param>
/// <param name="mailbox">The default for an operation that concerns no single mailbox; then the partition is null.</param>
sealed class Request<TAnswer>(
    MailboxEngine engine, MailboxName mailbox, Func<Batch, Partition, TAnswer> plan, Func<Outcome, TAnswer> refuse)
    : AnsweredOperation<TAnswer>
{
    public override void Plan(Batch batch)
    {
        if (mailbox == default)
        {
            Planned = plan(batch, null!);
            return;
        }
        Partition = engine.Partitions.Find(mailbox);
        if (Partition is not null) Planned = plan(batch, Partition);
    }

    public override void Succeed(Batch batch)
    {
        // Not while it is planned: to refuse may be to throw, and that would fail the whole batch.
        if (Partition is null && mailbox != default) Fail(Outcome.NotOwner);
        else base.Succeed(batch);
    }

    protected override TAnswer Refuse(Outcome why) => refuse(why);
}

/// <summary>Reads something between two batches.</summary>
sealed class ReadOperation<TAnswer>(Func<TAnswer> read) : Operation
{
    readonly TaskCompletionSource<TAnswer> _answer = Continuations.Source<TAnswer>();

    public Task<TAnswer> Answer => _answer.Task;

    public override void Plan(Batch batch)
    {
    }

    public override void Succeed(Batch batch)
    {
        try
        {
            _answer.Answer(read());
        }
        catch (Exception fault)
        {
            // It is the fault of what was read for, not of the batch.
            _answer.Fault(fault);
        }
    }

    public override void Fail(Outcome why) => _answer.Fault(new StoreException($"The grid cannot answer now: {why}."));
}
