using Mailbox.Engine;

namespace Mailbox.Storage.Journal;

/// <summary>Copies the journal of an engine while it is used. Safe from any thread.</summary>
public sealed class JournalBackups
{
    readonly MailboxEngine _engine;
    readonly DirectoryLog _log;

    internal JournalBackups(MailboxEngine engine, DirectoryLog log) => (_engine, _log) = (engine, log);

    /// <summary>Writes a copy into a new or empty directory. A host that is started on it gives every mailbox a new epoch (spec M4).</summary>
    /// <exception cref="StoreException">The target is not empty, or cannot be written.</exception>
    public async Task WriteAsync(string directory, CancellationToken cancel = default)
    {
        // With a fresh snapshot the copy starts fast, however long the journal is.
        await _engine.Upkeep.SnapshotAsync([0], cancel).ConfigureAwait(false);
        await _log.BackupAsync(directory, cancel).ConfigureAwait(false);
    }
}
