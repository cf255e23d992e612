namespace Mailbox.Storage;

/// <summary>The store failed: it takes no more writes, and nothing of the batch may be answered as stored.</summary>
public class StoreException : Exception
{
    public StoreException(string message) : base(message) { }

    public StoreException(string message, Exception inner) : base(message, inner) { }

    public StoreException() { }
}

/// <summary>The disk is full. Nothing of the batch was stored; the store goes on and recovers by itself once there is room.</summary>
public sealed class StoreFullException : StoreException
{
    public StoreFullException(string message) : base(message) { }

    public StoreFullException(string message, Exception inner) : base(message, inner) { }

    public StoreFullException() { }
}

/// <summary>
/// The store cannot be reached and it is unknown whether the batch was stored. The engine answers for none of it, forgets the mailboxes
/// that the batch names and loads them again before it gives out another number.
/// </summary>
public sealed class UncertainStoreException : StoreException
{
    public UncertainStoreException(string message) : base(message) { }

    public UncertainStoreException(string message, Exception inner) : base(message, inner) { }

    public UncertainStoreException() { }
}

/// <summary>Another process has taken what the caller believed to own; nothing was changed.</summary>
public sealed class FencedException : StoreException
{
    public FencedException(string message) : base(message) { }

    public FencedException(string message, Exception inner) : base(message, inner) { }

    public FencedException() { }
}
