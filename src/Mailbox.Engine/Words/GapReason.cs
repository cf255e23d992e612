namespace Mailbox;

/// <summary>
/// Why numbers are missing before a message (spec M10). Where adjacent holes have different reasons the gap that covers them tells
/// the highest value here: the one a reader can do least about.
/// </summary>
public enum GapReason : byte
{
    /// <summary>Another reader acknowledged them.</summary>
    Acknowledged = 1,

    /// <summary>Their time to live ended.</summary>
    Ttl,

    /// <summary>The mailbox's bounds pushed them out.</summary>
    Overflow,

    /// <summary>They were given out at a durability weaker than what happened since.</summary>
    Lost,

    /// <summary>The mailbox was removed and made again, or its store restored from a backup.</summary>
    Epoch,
}
