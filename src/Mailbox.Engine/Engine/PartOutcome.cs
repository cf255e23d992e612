namespace Mailbox.Engine;

/// <summary>What became of one member of a part of a group send.</summary>
enum PartOutcome : byte
{
    /// <summary>The mailbox has the message.</summary>
    Stored,

    /// <summary>The mailbox refused it (spec M11), or is gone.</summary>
    Refused,

    /// <summary>This engine does not own the mailbox, or the store could not be reached: nothing is known of this member, ask again who owns it.</summary>
    NotOwner,
}
