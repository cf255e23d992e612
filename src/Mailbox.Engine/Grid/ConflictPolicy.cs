namespace Mailbox;

/// <summary>What an open does when others hold the mailbox (spec M14).</summary>
public enum ConflictPolicy : byte
{
    /// <summary>All get everything.</summary>
    Share,

    /// <summary>The others end and are told.</summary>
    Takeover,

    /// <summary>The new one is refused.</summary>
    Reject,
}
