namespace Mailbox.Gateway;

/// <summary>Who sent a request, known by the mailbox that its cookie remembers.</summary>
/// <param name="IsNew">Whether the client is to be told its cookie.</param>
readonly record struct Visitor(MailboxName Mailbox, string Token, bool IsNew);
