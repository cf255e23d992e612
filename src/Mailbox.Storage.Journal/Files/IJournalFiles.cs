namespace Mailbox.Storage.Journal;

/// <summary>The directory of a journal. Tests put one here whose disk fails or is full.</summary>
interface IJournalFiles
{
    /// <summary>Which run of the kernel this is, as long as which all that was written is there, synced or not; 0 for unknown.</summary>
    ulong Boot { get; }

    /// <summary>Bytes that this process may still write to the disk.</summary>
    long Room { get; }

    IReadOnlyList<string> Names();

    /// <summary>A new, empty file; one that is there already is emptied.</summary>
    IJournalFile Create(string name);

    IJournalFile Open(string name);

    void Delete(string name);

    void Rename(string from, string to);

    /// <summary>Makes creations, renames and deletions survive power loss.</summary>
    void SyncDirectory();

    string PathOf(string name);
}
