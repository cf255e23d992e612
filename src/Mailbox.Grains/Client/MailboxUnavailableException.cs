namespace Mailbox.Grains;

/// <summary>
/// The grid could not answer within <see cref="MailboxGridOptions.Deadline"/>, or no silo was found within
/// <see cref="MailboxGridOptions.ConnectWithin"/>; it may later.
/// </summary>
public sealed class MailboxUnavailableException : MailboxGridException
{
    internal MailboxUnavailableException(Outcome outcome, Exception? cause = null) : base(outcome, Reason(outcome), cause)
    {
    }

    internal MailboxUnavailableException(string reason, Exception cause) : base(Outcome.NotOwner, reason, cause)
    {
    }

    /// <summary>It may have been done all the same: repeat it with the same idempotency key.</summary>
    public bool IsUncertain => Outcome == Outcome.StoreFailed;

    static string Reason(Outcome outcome) => outcome switch
    {
        Outcome.TooManyKeys => "As many idempotency keys are remembered as the grid allows.",
        Outcome.Overloaded => "More work waits for the store than the grid allows.",
        Outcome.StoreFull => "The grid's disk is full.",
        Outcome.NotOwner or Outcome.Stopping => "Nobody owns the mailbox now.",
        _ => "No answer came in time: it may have been done or not.",
    };
}
