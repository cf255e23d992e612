namespace Mailbox.Storage;

/// <summary>
/// One incarnation of a mailbox as the engine and its store both name it. The store makes it when it loads a mailbox, the engine
/// when it makes one (the store then completes it while it commits <see cref="MailboxMade"/>).
/// </summary>
public sealed class MailboxHandle(MailboxName name, ulong epoch)
{
    public MailboxName Name { get; } = name;

    /// <summary>From <see cref="IMailboxStore.NewEpoch"/>; never used twice.</summary>
    public ulong Epoch { get; } = epoch;

    /// <summary>Who may write: the number of the load that made this handle. A store refuses a write with an older one.</summary>
    public long Fence { get; set; }

    /// <summary>The store's own.</summary>
    public object? Slot { get; set; }
}
