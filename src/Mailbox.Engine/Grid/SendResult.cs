namespace Mailbox;

/// <summary>The answer to one group send.</summary>
/// <param name="Members">The members it was for: all but the excepted.</param>
/// <param name="Stored">Those whose mailbox has the message.</param>
/// <param name="Refused">Those whose mailbox refused it (spec M11): <c>Members - Stored</c>.</param>
public readonly record struct SendResult(Outcome Outcome, int Members = 0, int Stored = 0, int Refused = 0);
