namespace Mailbox.Storage;

/// <summary>The disk is full. Nothing of the batch was stored; the store goes on and recovers by itself once there is room.</summary>
public sealed class StoreFullException : StoreException
{
    public StoreFullException(string message) : base(message) { }

    public StoreFullException(string message, Exception inner) : base(message, inner) { }

    public StoreFullException() { }
}
