namespace Mailbox;

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
