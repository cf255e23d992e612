using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// Whether this client of the cluster is connected to a silo. Where it is not, each call would have the runtime look for one, log that there is none,
/// and throw: one call at a time tries to connect instead, and the others wait until it has. A process that is a silo itself hears of no
/// connections and passes all calls. Thread-safe.
/// </summary>
/// <param name="grains">Resolved when it is asked: the client that makes them tells of the connections.</param>
sealed partial class SiloConnection(Func<IGrainFactory> grains, TimeProvider time, ILogger<SiloConnection> log) : ISiloGate, IClusterConnectionStatusObserver, IDisposable
{
    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    readonly Lock _gate = new();
    readonly CancellationTokenSource _stopping = new();
    TaskCompletionSource? _connected;
    int _isTold;

    /// <summary>A client does not learn that a silo has died: each call has a short time of its own.</summary>
    public CancellationToken Lost => CancellationToken.None;

    public void NotifyClusterConnectionLost()
    {
    }

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        if (currentNumberOfGateways > 0) Open();
        else Close();
    }

    public ValueTask<bool> PassAsync(TimeSpan longest, CancellationToken cancel) =>
        Volatile.Read(ref _connected) is { } connected ? new(WaitAsync(connected.Task, longest, cancel)) : new(true);

    public void Dispose() => _stopping.Cancel();

    async Task<bool> WaitAsync(Task connected, TimeSpan longest, CancellationToken cancel)
    {
        if (longest < TimeSpan.Zero && longest != Timeout.InfiniteTimeSpan) return false;
        await connected.WaitAsync(longest, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        return connected.IsCompleted;
    }

    void Open()
    {
        TaskCompletionSource? connected;
        lock (_gate) (connected, _connected) = (_connected, null);
        if (connected is null) return;
        connected.SetResult();
        if (Interlocked.Exchange(ref _isTold, 0) != 0) LogConnected();
    }

    void Close()
    {
        TaskCompletionSource connected;
        lock (_gate)
        {
            if (_connected is not null) return;
            _connected = connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        _ = ConnectAsync(connected.Task, _stopping.Token);
    }

    /// <summary>The runtime connects when it has something to send.</summary>
    async Task ConnectAsync(Task connected, CancellationToken stopping)
    {
        while (!connected.IsCompleted && !stopping.IsCancellationRequested)
        {
            await Task.Delay(s_pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (await TryAskAsync().ConfigureAwait(false)) Open();
            // Not where the process is leaving.
            else if (!stopping.IsCancellationRequested && Interlocked.Exchange(ref _isTold, 1) == 0) LogDisconnected();
        }
    }

    async Task<bool> TryAskAsync()
    {
        try
        {
            await grains().GetGrain<IGridGrain>(0).IsReady().ConfigureAwait(false);
            return true;
        }
        catch (Exception)
        {
            // Nobody is there yet.
            return false;
        }
    }

    [LoggerMessage(3141, LogLevel.Warning, "No silo is connected: calls wait until one is, each until its deadline.")]
    partial void LogDisconnected();

    [LoggerMessage(3142, LogLevel.Information, "A silo is connected again.")]
    partial void LogConnected();
}
