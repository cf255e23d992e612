namespace Mailbox.Storage;

/// <summary>Numbers above the trimmed ones that are gone and of which readers are told.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Inclusive.</param>
public readonly record struct Hole(long From, long To, GapReason Reason);
