namespace Mailbox.Grains;

/// <summary>The mailbox was removed while it was read, or somebody took it over.</summary>
public sealed class MailboxReadingEndedException : Exception
{
    internal MailboxReadingEndedException(MailboxName mailbox, Ending ending) : base($"{mailbox} is not read any more: {ending}.") => Ending = ending;

    public Ending Ending { get; }
}
