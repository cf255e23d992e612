namespace Mailbox.Storage;

/// <summary>The numbers of a mailbox that are stored.</summary>
/// <param name="Tail">The newest number given out; 0 before the first.</param>
/// <param name="Acknowledged">Everything up to it has arrived (spec M7).</param>
/// <param name="Written">Everything up to it was written to a connection, or is gone (spec M8).</param>
/// <param name="Reserved">Numbers up to it may have been given out without a trace in the store (spec M5); 0 for none.</param>
/// <param name="Unsynced">Numbers up to it may have been given out to messages that a loss of power takes back; 0 for none.</param>
/// <param name="Deadline">Unix time in milliseconds at which the mailbox is removed; never before the true one (spec M15).</param>
/// <param name="Held">A connection held it: the deadline counts from the next start.</param>
public readonly record struct MailboxMarks(long Tail, long Acknowledged, long Written, long Reserved, long Unsynced, long Deadline, bool Held);
