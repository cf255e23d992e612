using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>What happens at the start and at the end of the process.</summary>
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
    /// Drains. The host calls this before it stops the server: until then new requests are still taken, so that they can be told to come
    /// back, and deliveries go on.
    /// </summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Broken off: there is nobody left to be told.
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
