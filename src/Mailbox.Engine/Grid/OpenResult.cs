namespace Mailbox;

/// <param name="Reader">Not null where the outcome is <see cref="OpenOutcome.Opened"/>.</param>
public readonly record struct OpenResult(OpenOutcome Outcome, IMailboxReader? Reader = null);
