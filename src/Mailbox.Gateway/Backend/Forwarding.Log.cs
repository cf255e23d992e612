using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

static partial class ForwardingLog
{
    [LoggerMessage(2101, LogLevel.Warning, "The application gave no whole answer: {Reason}")]
    public static partial void BackendFailed(this ILogger log, string reason);

    [LoggerMessage(2102, LogLevel.Warning, "A multiplexed answer of the application was not delivered to its end: {Reason}")]
    public static partial void MultiplexedAnswerFailed(this ILogger log, string reason);
}
