using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Checks the system at the start, and drains the held connections at the end.</summary>
sealed class GatewayLife(
    HeldConnections held, EngineFaults faults, IOptions<GatewayOptions> options, TimeProvider time, ILogger<GatewayLife> log) : IHostedLifecycleService
{
    static readonly TimeSpan s_lastAnswers = TimeSpan.FromSeconds(2);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        faults.Watch();
        if (FileDescriptors.SoftLimit() is { } limit and < FileDescriptors.LowLimit) log.FewFileDescriptors(limit, FileDescriptors.LowLimit);
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        log.RunsOpen();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Drains. The host calls this before it stops the server: until then requests are still accepted, so that opens can be refused with a
    /// time to come back, and deliveries go on.
    /// </summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // The shutdown was cut short.
        if (cancellationToken.IsCancellationRequested) return;
        log.Draining(held.Count, options.Value.Drain);
        try
        {
            await held.DrainAsync(options.Value.Drain).WaitAsync(options.Value.Drain + s_lastAnswers, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is TimeoutException or OperationCanceledException)
        {
            log.DrainIncomplete(held.Count);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

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

/// <summary>How many files, sockets among them, the process may open (proc(5)).</summary>
static class FileDescriptors
{
    public const long LowLimit = 20_000;
    const string LimitsFile = "/proc/self/limits";
    const string LimitName = "Max open files";

    /// <returns>Null where the system has no such limit.</returns>
    public static long? SoftLimit()
    {
        if (!File.Exists(LimitsFile)) return null;
        var line = File.ReadLines(LimitsFile).FirstOrDefault(static line => line.StartsWith(LimitName, StringComparison.Ordinal));
        var words = line?[LimitName.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is [var soft, ..] && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
