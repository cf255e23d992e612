namespace Mailbox.Proof.Checking;

/// <summary>Whether a mailbox was a member of a group all the time of a send.</summary>
enum Presence
{
    /// <summary>It changed meanwhile, or may have.</summary>
    Open,
    Member,
    Stranger,
}
