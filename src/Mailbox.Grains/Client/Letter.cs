namespace Mailbox.Grains;

/// <summary>One of many deliveries.</summary>
public readonly record struct Letter(MailboxName To, MessageDraft Draft)
{
    /// <exception cref="ArgumentException">The text is not a mailbox name.</exception>
    public Letter(string to, MessageDraft draft) : this(MailboxName.Parse(to), draft)
    {
    }
}
