namespace Mailbox.Storage;

/// <summary>One mailbox of an index. <see cref="MailboxHandle.Slot"/> points at it, so that commits look nothing up.</summary>
sealed class Slot<TBody>(MailboxName name, ulong epoch, MailboxOptions options)
{
    public const long NoBucket = long.MaxValue;

    public MailboxName Name { get; } = name;

    public ulong Epoch { get; } = epoch;

    public MailboxState<TBody> State { get; } = new(options);

    /// <summary>The number of the newest load; handles of older ones are refused.</summary>
    public long Fence { get; set; } = 1;

    /// <summary>Where <see cref="DeadlineTable{TBody}"/> keeps it: at its deadline or before.</summary>
    public long Bucket { get; set; } = NoBucket;

    /// <summary>Where <see cref="SlotList{TBody}"/> keeps it.</summary>
    public int Place { get; set; } = -1;

    /// <summary>The batch that last named it.</summary>
    public int Batch { get; set; }

    /// <summary>Its making is committed and its removal is not.</summary>
    public bool IsLive { get; set; }
}
