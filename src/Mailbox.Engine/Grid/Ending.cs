namespace Mailbox;

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
