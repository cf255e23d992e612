namespace Mailbox.Grains;

/// <summary>The grid did not do what a backend asked.</summary>
public abstract class MailboxGridException : Exception
{
    private protected MailboxGridException(Outcome outcome, string message, Exception? cause = null) : base(message, cause) => Outcome = outcome;

    /// <summary>What happened.</summary>
    public Outcome Outcome { get; }
}

/// <summary>The mailbox was removed while it was read, or somebody took it over.</summary>
public sealed class MailboxReadingEndedException : Exception
{
    internal MailboxReadingEndedException(MailboxName mailbox, Ending ending) : base($"{mailbox} is not read any more: {ending}.") => Ending = ending;

    public Ending Ending { get; }
}

/// <summary>The request was refused and would be again, for example because the mailbox is full or the body too large.</summary>
public sealed class MailboxRefusedException : MailboxGridException
{
    internal MailboxRefusedException(Outcome outcome, string target) : base(outcome, $"{target}: {Reason(outcome)}")
    {
    }

    internal static bool Covers(Outcome outcome) => outcome is Outcome.MailboxFull or Outcome.TooLarge or Outcome.KeyReused or Outcome.NotFound or Outcome.NotKept;

    static string Reason(Outcome outcome) => outcome switch
    {
        Outcome.MailboxFull => "the mailbox is full and its policy is to reject.",
        Outcome.TooLarge => "the body is larger than the grid or the mailbox allows.",
        Outcome.KeyReused => "the idempotency key was used with another request.",
        Outcome.NotKept => "the store cannot keep a message at this level.",
        _ => "it does not exist.",
    };
}

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
