namespace Mailbox.Gateway;

/// <summary>Why a held connection is to run. <see cref="Owned"/> is set while it waits for a pump, runs, or awaits a flush or a load.</summary>
[Flags]
enum Work
{
    None = 0,
    Owned = 1,

    /// <summary>The reader has something, or has ended.</summary>
    Read = 2,

    /// <summary>The wheel came round: a heartbeat is due, or a poll has waited long enough.</summary>
    Due = 4,

    /// <summary>The client left.</summary>
    Gone = 8,

    /// <summary>The process shuts down.</summary>
    Drain = 16,

    /// <summary>The store could not be read.</summary>
    Unavailable = 32,

    /// <summary>The flush that was awaited has ended.</summary>
    Flushed = 64,

    /// <summary>What the client said is to be answered, or ends the connection.</summary>
    Answer = 128,
}
