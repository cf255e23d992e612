using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

static partial class GatewayLifeLog
{
    [LoggerMessage(2003, LogLevel.Warning, "The limit of open files is {Limit}: with fewer than {Wanted} only some thousands of readers can be held. Raise it with 'ulimit -n'.")]
    public static partial void FewFileDescriptors(this ILogger log, long limit, long wanted);

    [LoggerMessage(2004, LogLevel.Information, "Running open: whoever reaches this address may read and write every mailbox.")]
    public static partial void RunsOpen(this ILogger log);

    [LoggerMessage(2005, LogLevel.Information, "Draining {Connections} held connections over {Drain}.")]
    public static partial void Draining(this ILogger log, int connections, TimeSpan drain);

    [LoggerMessage(2006, LogLevel.Warning, "{Connections} held connections did not end in time and are cut.")]
    public static partial void DrainIncomplete(this ILogger log, int connections);
}
