using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

static partial class HeldConnectionsLog
{
    [LoggerMessage(2001, LogLevel.Error, "A held connection failed.")]
    public static partial void ConnectionFailed(this ILogger log, Exception fault);
}
