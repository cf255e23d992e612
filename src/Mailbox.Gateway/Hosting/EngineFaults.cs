using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Writes down what an engine survived. A store fails once and for good, and after that with every batch: its first failure says it all.
/// Called by the engine's one thread.
/// </summary>
sealed class EngineFaults(ILogger<MailboxEngine> log)
{
    bool _hasStoreFailed;

    public void Note(Exception fault)
    {
        if (fault is StoreException && _hasStoreFailed) return;
        _hasStoreFailed |= fault is StoreException;
        log.EngineFailed(fault);
    }
}
