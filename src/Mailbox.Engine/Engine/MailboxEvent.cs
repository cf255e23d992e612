namespace Mailbox.Engine;

/// <summary>Something happened to a mailbox that a backend may want to know (spec M16).</summary>
public readonly record struct MailboxEvent(MailboxName Mailbox, MailboxEventKind Kind, DateTimeOffset At);
