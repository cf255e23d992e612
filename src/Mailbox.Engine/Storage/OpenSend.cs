namespace Mailbox.Storage;

/// <summary>A group send that was begun and not finished.</summary>
/// <param name="Idle">Moves the deadline of each mailbox that gets it (spec M15); null leaves it.</param>
public sealed record OpenSend(long Id, Message Message, TimeSpan? Idle = null);
