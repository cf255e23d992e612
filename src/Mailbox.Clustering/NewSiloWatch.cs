using Mailbox.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mailbox.Clustering;

/// <summary>
/// Looks whether the journal's silo, which lists the members of its cluster in memory, still lists this one. One that was started anew does
/// not: its cluster is another one, which this process can only join from the beginning.
/// </summary>
sealed partial class NewSiloWatch(
    IMembershipTable members, ILocalSiloDetails self, StartAgain again, TimeProvider time, ILogger<NewSiloWatch> log) : BackgroundService
{
    // One look may come between the forgetting and the listing of a silo that goes on.
    const int Looks = 2;

    static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_every, time);
        var missing = 0;
        while (missing < Looks)
        {
            await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false);
            missing = await IsListedAsync(stoppingToken).ConfigureAwait(false) ? 0 : missing + 1;
        }
        LogAnotherCluster();
        again.Ask();
    }

    async Task<bool> IsListedAsync(CancellationToken cancel)
    {
        try
        {
            var table = await members.ReadAllAsync(cancel).ConfigureAwait(false);
            return table.TryGet(self.SiloAddress) is not null;
        }
        catch (Exception) when (!cancel.IsCancellationRequested)
        {
            // Nobody answers: it is not known.
            return true;
        }
    }

    [LoggerMessage(4001, LogLevel.Warning, "The silo was started anew: this gateway joins it from the beginning.")]
    partial void LogAnotherCluster();
}

/// <summary>
/// Starts a gateway of a journal's silo from the beginning where Orleans would end the process: when it reads members of a lower version
/// than it knows, because the silo was started anew, or finds itself declared dead. The gateway owns no mailboxes, so nothing is at stake.
/// </summary>
sealed partial class StartAgainOnFatalError(StartAgain again, ILogger<StartAgainOnFatalError> log) : IFatalErrorHandler
{
    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        if (again.Asked.IsCompleted) return;
        LogFatal(context ?? exception?.Message ?? $"{sender}");
        again.Ask();
    }

    [LoggerMessage(4002, LogLevel.Warning, "This gateway joins the silo from the beginning: {Reason}")]
    partial void LogFatal(string reason);
}
