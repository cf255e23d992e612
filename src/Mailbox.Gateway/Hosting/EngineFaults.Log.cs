using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

static partial class EngineFaultsLog
{
    [LoggerMessage(2007, LogLevel.Error, "The engine failed; nothing of what it was about to store is stored.")]
    public static partial void EngineFailed(this ILogger log, Exception fault);

    [LoggerMessage(2008, LogLevel.Information, "The store works again.")]
    public static partial void StoreRecovered(this ILogger log);
}
