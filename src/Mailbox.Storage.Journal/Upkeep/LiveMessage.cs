namespace Mailbox.Storage.Journal;

/// <summary>A message that lies in a segment that is to go.</summary>
readonly record struct LiveMessage(Location Place, Slot<Location> Slot, long Sequence);
