namespace Mailbox.Storage.PostgreSql;

/// <summary>What the store knows of a mailbox that it loaded or made; <see cref="MailboxHandle.Slot"/>.</summary>
sealed class MailboxSlot
{
    /// <summary>As the next commit is to find them in the database.</summary>
    public MailboxMarks Marks { get; set; }

    /// <summary>Numbers that were found lost by the load: the next commit stores that with the marks that say so.</summary>
    public Hole? Lost { get; set; }

    /// <summary>Everything up to it is gone and perhaps not yet from the database.</summary>
    public long Trimmed { get; set; }

    /// <summary>What the batch that is being committed does to it; null between batches.</summary>
    public PlannedMailbox? Planned { get; set; }
}
