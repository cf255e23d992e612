namespace Mailbox.Gateway.Tests;

/// <summary>Tokens that anybody can make: <c>t-NAME</c>.</summary>
sealed class PlainTokens : IMailboxTokens
{
    public bool TryRead(string token, out MailboxName mailbox)
    {
        mailbox = default;
        return token.StartsWith("t-", StringComparison.Ordinal) && MailboxName.TryParse(token[2..], out mailbox);
    }

    public string Make(MailboxName mailbox) => "t-" + mailbox;
}
