namespace Mailbox.Storage;

/// <summary>Another process has taken what the caller believed to own; nothing was changed.</summary>
public sealed class FencedException : StoreException
{
    public FencedException(string message) : base(message) { }

    public FencedException(string message, Exception inner) : base(message, inner) { }

    public FencedException() { }
}
