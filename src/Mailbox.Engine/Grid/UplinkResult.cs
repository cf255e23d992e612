namespace Mailbox;

/// <summary>The answer to a client's messages to the backend.</summary>
/// <param name="Outcome">
/// <see cref="Outcome.Stored"/>: all of them are, now or before. Else why the first that is not was refused:
/// <see cref="Outcome.NotFound"/> means that nobody takes them, <see cref="Outcome.MailboxFull"/> that too many wait for a taker.
/// </param>
/// <param name="Highest">The highest number accepted of the client; 0 for none.</param>
/// <param name="Accepted">How many were new.</param>
public readonly record struct UplinkResult(Outcome Outcome, long Highest = 0, int Accepted = 0);
