using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

static partial class TakingLog
{
    [LoggerMessage(2201, LogLevel.Warning, "What waits in {Mailbox} cannot be read now; it is tried again.")]
    public static partial void TakingFailed(this ILogger log, string mailbox, Exception fault);

    [LoggerMessage(2202, LogLevel.Warning, "The webhooks cannot be read now; it is tried again.")]
    public static partial void LookingFailed(this ILogger log, Exception fault);

    [LoggerMessage(2203, LogLevel.Warning, "The webhook {Name} does not take its calls. It is called again, at longer and longer intervals.")]
    public static partial void WebhookFails(this ILogger log, string name);

    [LoggerMessage(2204, LogLevel.Information, "The webhook {Name} takes its calls again.")]
    public static partial void WebhookRecovered(this ILogger log, string name);

    [LoggerMessage(2207, LogLevel.Warning, "The webhook {Name} answered {Status} to the call {Id}, which is set aside.")]
    public static partial void WebhookRefuses(this ILogger log, string name, int status, string id);

    [LoggerMessage(2208, LogLevel.Warning, "The webhook {Name} answered 410: it is ended until it is put again.")]
    public static partial void WebhookEnded(this ILogger log, string name);

    [LoggerMessage(2205, LogLevel.Warning, "The backend does not take what clients say. It is asked again, and what they say waits.")]
    public static partial void UplinksWait(this ILogger log);

    [LoggerMessage(2206, LogLevel.Information, "The backend takes what clients say again.")]
    public static partial void UplinksGoOn(this ILogger log);
}
