namespace Mailbox.Proof.Deeds;

/// <summary>A mailbox is removed.</summary>
sealed class Removal(string mailbox) : Deed
{
    public string Mailbox => mailbox;
}
