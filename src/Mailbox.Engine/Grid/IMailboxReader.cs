namespace Mailbox;

/// <summary>
/// One reader of one mailbox. Station 4 of the message's path: the only way by which messages leave a mailbox. One thread at a time
/// may use a reader; <see cref="Close"/> may come from any.
/// </summary>
public interface IMailboxReader
{
    MailboxName Mailbox { get; }

    /// <summary>Where the reader is: what it took last, or where it began. A stream tells it before anything else (spec M9).</summary>
    Position Position { get; }

    /// <summary>Why the reader has ended, once <see cref="TryRead"/> has answered <see cref="ReadStatus.Ended"/>.</summary>
    Ending? Ending { get; }

    /// <summary>Takes what comes next, gaps and messages in order, as much as the window admits, and appends it.</summary>
    ReadStatus TryRead(ICollection<Received> into);

    /// <summary>Brings bodies from the store after <see cref="ReadStatus.Cold"/>.</summary>
    /// <exception cref="Storage.StoreException">The store cannot be read.</exception>
    ValueTask LoadAsync(CancellationToken cancel = default);

    /// <summary>Everything that was taken is now flushed to the connection's socket: opens the window and moves the unread mark (spec M8).</summary>
    void Written();

    /// <summary>The connection is gone. Idempotent.</summary>
    void Close();
}
