using Mailbox.Engine;

namespace Mailbox.Storage;

/// <summary>
/// One mailbox of a partition: what is kept of it as long as it exists. What readers and rules need beside that is its <see cref="Live"/> part, which is
/// there while somebody uses it.
/// </summary>
sealed class Slot<TBody>(MailboxName name, ulong epoch, MailboxOptions options)
{
    public const long NoBucket = long.MaxValue;

    public MailboxName Name { get; } = name;

    public ulong Epoch { get; } = epoch;

    public MailboxState<TBody> State { get; } = new(options);

    /// <summary>Null while nobody uses the mailbox.</summary>
    public LiveMailbox? Live { get; set; }

    /// <summary>What guards the state: readers of other threads look at it while it has a live part.</summary>
    public object Gate => (object?)Live ?? this;

    /// <summary>Where <see cref="DeadlineTable{TBody}"/> keeps it: at its deadline or before.</summary>
    public long Bucket { get; set; } = NoBucket;

    /// <summary>Where <see cref="SlotList{TBody}"/> keeps it.</summary>
    public int Place { get; set; } = -1;

    /// <summary>Its making is committed and its removal is not.</summary>
    public bool IsLive { get; set; }
}
