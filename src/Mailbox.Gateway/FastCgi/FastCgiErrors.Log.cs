using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

static partial class FastCgiErrorsLog
{
    [LoggerMessage(2031, LogLevel.Warning, "The application says: {Line}")]
    public static partial void ApplicationSaid(this ILogger log, string line);

    [LoggerMessage(2032, LogLevel.Warning, "The application said more than {Bytes} bytes of errors in one request; the rest is left out.")]
    public static partial void ApplicationSaysTooMuch(this ILogger log, int bytes);
}
