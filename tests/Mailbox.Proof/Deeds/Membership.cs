namespace Mailbox.Proof.Deeds;

/// <summary>A mailbox joins or leaves a group.</summary>
sealed class Membership(string group, string mailbox, bool joins) : Deed
{
    public string Group => group;

    public string Mailbox => mailbox;

    public bool Joins => joins;

    /// <summary>It was asked for together with another, and has its answer.</summary>
    public void Share(Membership other) => (Begun, Answered, GivenUp, Attempts, Refused, IsByGridClient) =
        (other.Begun, other.Answered, other.GivenUp, other.Attempts, other.Refused, other.IsByGridClient);
}
