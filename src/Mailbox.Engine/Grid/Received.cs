namespace Mailbox;

/// <summary>What a reader took: a message or a gap.</summary>
/// <param name="Position">The reader's position after it.</param>
public readonly record struct Received(Position Position, Message? Message, Gap? Gap);
