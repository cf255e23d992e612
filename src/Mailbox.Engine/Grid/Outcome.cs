namespace Mailbox;

/// <summary>How a request to change something ended. Everything but the first changed nothing.</summary>
public enum Outcome : byte
{
    /// <summary>Done, and stored.</summary>
    Stored,

    /// <summary>The overflow policy dropped the new message; no number was used (spec M11).</summary>
    Dropped,

    /// <summary>The same request excepted the mailbox: nothing was delivered to it (spec G4).</summary>
    Excepted,

    /// <summary>The mailbox is at its bounds and its policy is to reject (spec M11).</summary>
    MailboxFull,

    /// <summary>The body is larger than the grid allows (spec M11).</summary>
    TooLarge,

    /// <summary>The idempotency key was used with another request (spec M13).</summary>
    KeyReused,

    /// <summary>As many idempotency keys are remembered as the grid allows (spec M13).</summary>
    TooManyKeys,

    /// <summary>There is no such mailbox, message or group.</summary>
    NotFound,

    /// <summary>More work waits for the store than the grid allows; try again later.</summary>
    Overloaded,

    /// <summary>The disk is full.</summary>
    StoreFull,

    /// <summary>The store failed and takes no more writes; or another owner took the mailbox. The outcome is unknown: repeat it with the same idempotency key.</summary>
    StoreFailed,

    /// <summary>This engine does not own the mailbox.</summary>
    NotOwner,

    /// <summary>The grid is shutting down.</summary>
    Stopping,

    /// <summary>The store cannot keep the message at the level that was asked for (spec M5).</summary>
    NotKept,
}

public enum AcknowledgeOutcome : byte
{
    Acknowledged,

    /// <summary>There is no such mailbox.</summary>
    NotFound,

    /// <summary>The position is of another epoch or of the future.</summary>
    BadPosition,

    /// <summary>Nothing was stored; try again later.</summary>
    Unavailable,
}
