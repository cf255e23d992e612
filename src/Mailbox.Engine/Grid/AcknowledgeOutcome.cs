namespace Mailbox;

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
