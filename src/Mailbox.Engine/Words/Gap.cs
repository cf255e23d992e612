namespace Mailbox;

/// <summary>Numbers that a reader will not get (spec M10).</summary>
/// <param name="From">Exclusive. The reader's old position where the reason is <see cref="GapReason.Epoch"/>.</param>
/// <param name="To">Inclusive; also the reader's position once it has been told.</param>
public sealed record Gap(Position From, Position To, GapReason Reason);
