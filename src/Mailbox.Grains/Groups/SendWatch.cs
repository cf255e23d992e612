using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>Looks for group sends that nobody goes on with, because who began them died, and wakes their group (spec G9).</summary>
sealed partial class SendWatch(IGroupLedger ledger, MailboxEngine engine, GridServices grid, ILogger<SendWatch> log)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    const int AtOnce = 100;
    static readonly TimeSpan s_every = TimeSpan.FromSeconds(5);

    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(SendWatch), ServiceLifecycleStage.Active, _ => StartAsync(), _ => StopAsync());

    public void Dispose() => _stopping.Dispose();

    Task StartAsync()
    {
        _running = Task.Run(WatchAsync);
        return Task.CompletedTask;
    }

    async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task WatchAsync()
    {
        while (true)
        {
            await TryResumeAsync().ConfigureAwait(false);
            await Task.Delay(s_every, grid.Time, _stopping.Token).ConfigureAwait(false);
        }
    }

    async Task TryResumeAsync()
    {
        try
        {
            var groups = await ledger.UnfinishedAsync(engine.Clock.Now - s_every, AtOnce, _stopping.Token).ConfigureAwait(false);
            var resumed = groups.Select(group => grid.Grains.GetGrain<IGroupGrain>(group.ToString()).Resume());
            await Task.WhenAll(resumed).WaitAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (!_stopping.IsCancellationRequested)
        {
            LogNotResumed(fault);
        }
    }

    [LoggerMessage(3122, LogLevel.Debug, "Group sends that were begun could not be resumed; they will be.")]
    partial void LogNotResumed(Exception fault);
}
