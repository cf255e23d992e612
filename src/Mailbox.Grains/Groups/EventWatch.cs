using Mailbox.Engine;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// Where silos own parts of the grid: wakes the group of the subscribers as soon as this one's engine has told something (spec M16). What is
/// told was committed with what it tells of; if this process dies now, <see cref="SendWatch"/> of another wakes the group.
/// </summary>
sealed partial class EventWatch(MailboxEngine engine, GridServices grid, ILogger<EventWatch> log) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(EventWatch), ServiceLifecycleStage.Active, _ => StartAsync(), _ => StopAsync());

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

    /// <summary>What happens while the group is awake is one call more, not many.</summary>
    async Task WatchAsync()
    {
        await using var events = engine.WatchAsync(_stopping.Token).GetAsyncEnumerator(_stopping.Token);
        var next = events.MoveNextAsync().AsTask();
        while (await next.ConfigureAwait(false))
        {
            var isTold = false;
            do
            {
                isTold |= MailboxEvents.IsTold(events.Current);
                next = events.MoveNextAsync().AsTask();
            }
            while (next.IsCompletedSuccessfully && await next.ConfigureAwait(false));
            if (isTold) await TryWakeAsync().ConfigureAwait(false);
        }
    }

    async Task TryWakeAsync()
    {
        try
        {
            await grid.Grains.GetGrain<IGroupGrain>(MailboxEvents.Group.ToString()).Resume().WaitAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (!_stopping.IsCancellationRequested)
        {
            LogNotWoken(fault);
        }
    }

    [LoggerMessage(3126, LogLevel.Debug, "Who tells of what happened to mailboxes could not be woken; it will be.")]
    partial void LogNotWoken(Exception fault);
}
