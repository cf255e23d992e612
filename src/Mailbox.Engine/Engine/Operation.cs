namespace Mailbox.Engine;

/// <summary>
/// Something that the writer does in its turn. It is planned once and answered when the batch it was planned into is stored; or
/// failed, and then it has changed nothing.
/// </summary>
abstract class Operation
{
    /// <summary>Bytes of bodies that wait with it.</summary>
    public virtual long Weight => 0;

    /// <summary>It frees or marks and needs next to no room: it goes on while the disk is full.</summary>
    public virtual bool Relieves => false;

    /// <summary>How soon it is to be done.</summary>
    public virtual Urgency Urgency => Urgency.Queued;

    /// <summary>Applies the rules and adds the records. A fault of the code, not of a caller, may throw.</summary>
    public abstract void Plan(Batch batch);

    /// <summary>The plan is taken back, perhaps to be made again: undo what the batch's undo does not know of.</summary>
    public virtual void Withdraw()
    {
    }

    /// <summary>The batch is stored: answer.</summary>
    public abstract void Succeed(Batch batch);

    /// <summary>Nothing of the batch is stored: answer why.</summary>
    public abstract void Fail(Outcome why);
}
