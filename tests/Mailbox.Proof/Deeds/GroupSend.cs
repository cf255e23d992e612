namespace Mailbox.Proof.Deeds;

/// <summary>A letter to all members of a group but some, with its identity as idempotency key.</summary>
sealed class GroupSend(string id, string group, IReadOnlyCollection<string> except) : Deed
{
    public string Id => id;

    public string Group => group;

    public IReadOnlyCollection<string> Except => except;

    /// <summary>In how many mailboxes the answer said it was stored.</summary>
    public int Stored { get; set; }
}
