namespace Mailbox.Gateway;

/// <summary>
/// Handles of mailboxes that only this gateway can make: who has one can write to that mailbox, and can guess no other (spec section 6).
/// Safe to use from any thread.
/// </summary>
interface IMailboxTokens
{
    /// <returns>False where the text was not made by <see cref="Make"/>.</returns>
    bool TryRead(string token, out MailboxName mailbox);

    string Make(MailboxName mailbox);
}
