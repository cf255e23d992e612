namespace Mailbox.Proof.Deeds;

/// <summary>A letter to one mailbox, with its identity as idempotency key.</summary>
sealed class Delivery(string id, string mailbox) : Deed
{
    public string Id => id;

    public string Mailbox => mailbox;

    /// <summary>What the answer said.</summary>
    public Position? Position { get; set; }
}
