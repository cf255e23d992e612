namespace Mailbox;

public enum OpenOutcome : byte
{
    Opened,

    /// <summary>Somebody holds the mailbox and the policy of this open is to be refused.</summary>
    Conflict,

    /// <summary>This client had been told to stay away.</summary>
    StayAway,

    /// <summary>The store takes no writes, or too much waits for it.</summary>
    Unavailable,

    /// <summary>The grid is shutting down.</summary>
    Stopping,
}
