namespace Mailbox.Grains;

/// <summary>The grid did not do what a backend asked.</summary>
public abstract class MailboxGridException : Exception
{
    private protected MailboxGridException(Outcome outcome, string message, Exception? cause = null) : base(message, cause) => Outcome = outcome;

    /// <summary>What happened.</summary>
    public Outcome Outcome { get; }
}
