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

/// <summary>The connection's end of a reader.</summary>
public interface IReaderSignal
{
    /// <summary>
    /// There is something to read, or the reader has ended. Called by the thread that stores: it must return at once and throw
    /// nothing. Told once; not again before <see cref="IMailboxReader.TryRead"/> has answered <see cref="ReadStatus.Empty"/>.
    /// </summary>
    void Ready();
}

/// <summary>The end of a connection that another process holds, which may be suspended or cut off and not say so.</summary>
interface IDistantSignal : IReaderSignal
{
    /// <summary>How long ago its last silence ended: zero while it is silent, <see cref="TimeSpan.MaxValue"/> where it never was.</summary>
    TimeSpan HeardFor { get; }
}

public enum ReadStatus : byte
{
    /// <summary>Something was taken; there may be more.</summary>
    Read,

    /// <summary>Nothing is there now; the signal will tell.</summary>
    Empty,

    /// <summary>The next body is in the store: <see cref="IMailboxReader.LoadAsync"/>, then read again.</summary>
    Cold,

    /// <summary>The window is full: <see cref="IMailboxReader.Written"/>, then read again.</summary>
    WindowFull,

    /// <summary>The reader has ended: see <see cref="IMailboxReader.Ending"/>.</summary>
    Ended,
}

/// <summary>What a reader took: a message or a gap.</summary>
/// <param name="Position">The reader's position after it.</param>
public readonly record struct Received(Position Position, Message? Message, Gap? Gap);

/// <summary>Why a held connection ends. The one list; its wire names and what a client does next are in docs/protocol.md.</summary>
public enum Ending : byte
{
    /// <summary>The server shuts down: reconnect, here or elsewhere.</summary>
    Draining = 1,

    /// <summary>Another connection opened the mailbox with <see cref="ConflictPolicy.Takeover"/>: stay away.</summary>
    TakenOver,

    /// <summary>A newer connection of the same client opened the mailbox: this one is not needed.</summary>
    Replaced,

    /// <summary>The mailbox was removed: stay away.</summary>
    Deleted,

    /// <summary>The mailbox is now owned by another process: reconnect.</summary>
    Moved,

    /// <summary>The connection took no bytes: reconnect.</summary>
    Slow,

    /// <summary>The store cannot be read: reconnect later.</summary>
    Unavailable,

    /// <summary>The client answered no heartbeat: reconnect.</summary>
    Silent,

    /// <summary>The client said what has no meaning: it must be mended before it reconnects.</summary>
    BadFrame,

    /// <summary>The client broke the rules of the protocol below, RFC 6455.</summary>
    BadProtocol,

    /// <summary>The client said more at once than is allowed.</summary>
    TooLarge,
}
