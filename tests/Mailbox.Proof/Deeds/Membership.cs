namespace Mailbox.Proof.Deeds;

/// <summary>A mailbox joins or leaves a group.</summary>
sealed class Membership(string group, string mailbox, bool joins) : Deed
{
    public string Group => group;

    public string Mailbox => mailbox;

    public bool Joins => joins;
}
