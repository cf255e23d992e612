namespace Mailbox;

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
