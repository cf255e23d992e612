using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Writes down what the engine of this process survived. A store fails once and for good, and after that with every batch: its first
/// failure says it all. Called by the engine's one thread.
/// </summary>
/// <param name="engines">None where the mailboxes are in other processes.</param>
sealed class EngineFaults(IEnumerable<MailboxEngine> engines, ILogger<MailboxEngine> log)
{
    bool _hasStoreFailed;

    public void Watch()
    {
        foreach (var engine in engines) engine.Faulted += Note;
    }

    public void Note(Exception fault)
    {
        if (fault is StoreException && _hasStoreFailed) return;
        _hasStoreFailed |= fault is StoreException;
        log.EngineFailed(fault);
    }
}
