namespace Mailbox.Storage;

/// <summary>What is committed together: all or nothing, but for mailboxes that were fenced off.</summary>
public sealed class CommitBatch
{
    public List<StoreRecord> Records { get; } = [];

    /// <summary>The strongest that any of the records needs before <see cref="IMailboxStore.Commit"/> may return.</summary>
    public Durability Durability { get; set; }

    /// <summary>The batch only frees or marks: it may use what a store keeps back for a full disk.</summary>
    public bool MayUseReserve { get; set; }

    /// <summary>The engine's time.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>Filled by the store: mailboxes that another owner has loaded since. Nothing of theirs was stored.</summary>
    public HashSet<MailboxHandle>? Fenced { get; set; }

    public void Clear()
    {
        Records.Clear();
        Durability = Durability.Memory;
        MayUseReserve = false;
        Fenced = null;
    }
}
