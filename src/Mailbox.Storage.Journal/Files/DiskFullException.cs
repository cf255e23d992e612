namespace Mailbox.Storage.Journal;

/// <summary>There is no room on the disk, or none left in the quota.</summary>
sealed class DiskFullException : IOException
{
    public DiskFullException(string message) : base(message) { }

    public DiskFullException(string message, Exception inner) : base(message, inner) { }

    public DiskFullException() { }
}
