namespace Mailbox.Storage;

/// <summary>The mailbox that gets a message, and the message's number there.</summary>
public readonly record struct Target(MailboxHandle Mailbox, long Sequence);
