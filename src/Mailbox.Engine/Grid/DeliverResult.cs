namespace Mailbox;

/// <summary>The answer to one delivery.</summary>
/// <param name="Position">The message's own, where it was stored.</param>
/// <param name="Connections">How many held the mailbox.</param>
/// <param name="Expires">When the mailbox will be removed unless a reader comes (spec M15).</param>
public readonly record struct DeliverResult(Outcome Outcome, Position Position = default, int Connections = 0, DateTimeOffset Expires = default);
