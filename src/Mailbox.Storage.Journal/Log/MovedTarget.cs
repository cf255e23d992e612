namespace Mailbox.Storage.Journal;

/// <summary>A mailbox whose message with this number is moved.</summary>
readonly record struct MovedTarget(Slot<Location> Slot, long Sequence);
