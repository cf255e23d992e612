using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Logs the faults that the engine of this process survived. A failing store fails with every batch: only the first failure is logged, and
/// the first one after the store has worked again. Safe from any thread.
/// </summary>
/// <param name="engines">None where the mailboxes are in other processes.</param>
sealed class EngineFaults(IEnumerable<MailboxEngine> engines, ILogger<MailboxEngine> log)
{
    int _isStoreFailing;

    public void Watch()
    {
        foreach (var engine in engines)
        {
            engine.Faulted += Note;
            engine.Recovered += NoteRecovered;
        }
    }

    public void Note(Exception fault)
    {
        if (fault is StoreException && Interlocked.Exchange(ref _isStoreFailing, 1) != 0) return;
        log.EngineFailed(fault);
    }

    public void NoteRecovered()
    {
        if (Interlocked.Exchange(ref _isStoreFailing, 0) != 0) log.StoreRecovered();
    }
}

static partial class EngineFaultsLog
{
    [LoggerMessage(2007, LogLevel.Error, "The engine failed; nothing of what it was about to store is stored.")]
    public static partial void EngineFailed(this ILogger log, Exception fault);

    [LoggerMessage(2008, LogLevel.Information, "The store works again.")]
    public static partial void StoreRecovered(this ILogger log);
}
