namespace Mailbox.Storage;

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
