namespace Mailbox.Storage.Journal;

/// <summary>
/// A file of the journal is damaged where it was synced, so answered messages may be lost: the store does not start, or the read
/// fails, rather than go on without them.
/// </summary>
public sealed class JournalDamagedException : StoreException
{
    public JournalDamagedException(string file, long offset, string what) : base($"{file} is damaged at offset {offset}: {what}.")
    {
        File = file;
        Offset = offset;
    }

    public JournalDamagedException(string message) : base(message) { }

    public JournalDamagedException(string message, Exception inner) : base(message, inner) { }

    public JournalDamagedException() { }

    /// <summary>The path of the file.</summary>
    public string? File { get; }

    /// <summary>Bytes from the start of the file.</summary>
    public long Offset { get; }
}
