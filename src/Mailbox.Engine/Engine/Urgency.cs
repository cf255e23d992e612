namespace Mailbox.Engine;

/// <summary>How soon the writer is to come to an operation.</summary>
enum Urgency
{
    /// <summary>Nobody waits for it: it goes with the next batch, at its end, whenever that is. Only a whole batch of them wakes the writer's thread.</summary>
    Lazy,

    /// <summary>It wakes the writer's thread.</summary>
    Queued,

    /// <summary>
    /// It takes microseconds where it need not be synced, as an open of a mailbox that exists: whoever asks may be the writer for one batch, rather than wait for two threads to wake.
    /// </summary>
    Brief,
}
