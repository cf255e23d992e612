using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

static partial class MailboxRouterLog
{
    [LoggerMessage(2002, LogLevel.Error, "A request failed.")]
    public static partial void RequestFailed(this ILogger log, Exception fault);
}
