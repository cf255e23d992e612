namespace Mailbox.Storage.Journal;

/// <param name="Through">The number of the last batch that is in the mailbox's state already.</param>
readonly record struct ReplayedMailbox(Slot<Location> Slot, long Through);
