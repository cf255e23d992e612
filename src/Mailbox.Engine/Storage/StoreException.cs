namespace Mailbox.Storage;

/// <summary>The store failed: it takes no more writes, and nothing of the batch may be answered as stored.</summary>
public class StoreException : Exception
{
    public StoreException(string message) : base(message) { }

    public StoreException(string message, Exception inner) : base(message, inner) { }

    public StoreException() { }
}
