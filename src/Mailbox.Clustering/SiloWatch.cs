using System.Net;
using System.Net.Sockets;
using Mailbox.Grains;
using Mailbox.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Mailbox.Clustering;

/// <summary>
/// Follows the journal's silo for a gateway. The silo lists the members of its cluster in memory, so its cluster ends with it: when it is gone this
/// process refuses what it is asked for, and when a silo listens there again it joins that one from the beginning, by a new host.
/// </summary>
sealed partial class SiloWatch(
    IServiceProvider services, IMembershipTable members, ILocalSiloDetails self, ISiloLifecycleSubject stages,
    IOptions<DevelopmentClusterMembershipOptions> cluster, GridState grid, StartAgain again, TimeProvider time, ILogger<SiloWatch> log)
    : BackgroundService, ILifecycleParticipant<ISiloLifecycle>
{
    const int BeforeReading = ServiceLifecycleStage.RuntimeGrainServices - 1;
    const int BeforeJoining = ServiceLifecycleStage.AfterRuntimeGrainServices - 1;
    const int BeforeActivation = ServiceLifecycleStage.BecomeActive - 1;

    // One look may come between the forgetting and the listing of a silo that goes on.
    const int Looks = 2;

    static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_spread = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan s_turn = TimeSpan.FromSeconds(5);

    readonly IPEndPoint _silo = cluster.Value.PrimarySiloEndpoint!;
    readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    enum Look
    {
        Listed,
        NotListed,

        /// <summary>Nobody listens at the silo's port: its process has ended.</summary>
        Gone,

        /// <summary>It does not answer, or the network does not.</summary>
        Unknown,
    }

    public void Participate(ISiloLifecycle observer)
    {
        observer.Subscribe(nameof(SiloWatch), BeforeReading, cancel => BeforeAsync(AwaitSiloAsync, cancel));
        observer.Subscribe(nameof(SiloWatch), BeforeJoining, cancel => BeforeAsync(AwaitJoiningAsync, cancel));
        observer.Subscribe(nameof(SiloWatch), BeforeActivation, cancel => BeforeAsync(AwaitActivationAsync, cancel));
        observer.Subscribe(nameof(SiloWatch), ServiceLifecycleStage.Active, _ => Task.FromResult(_joined.TrySetResult()));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _joined.Task.WaitAsync(stoppingToken).ConfigureAwait(false);
        if (await WatchAsync(stoppingToken).ConfigureAwait(false) == Look.Gone)
        {
            grid.Lose();
            LogGone(_silo);
            await LeaveAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await AwaitListeningAsync(stoppingToken).ConfigureAwait(false);
        }
        grid.Lose();
        LogAnotherCluster();
        again.Ask();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        // The runtime refuses to stop a silo that has not started, and leaves its port open.
        if (!_joined.Task.IsCompleted) await stages.OnStop(new CancellationToken(canceled: true)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A start that is cancelled ends before the next stage; a fault would be logged.</summary>
    static async Task BeforeAsync(Func<CancellationToken, Task> wait, CancellationToken cancel)
    {
        try
        {
            await wait(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }

    /// <returns>Once the silo is another, or gone.</returns>
    async Task<Look> WatchAsync(CancellationToken cancel)
    {
        var missing = 0;
        while (true)
        {
            await PauseAsync(s_every, cancel).ConfigureAwait(false);
            var look = await LookAsync(cancel).ConfigureAwait(false);
            missing = look == Look.NotListed ? missing + 1 : 0;
            if (look == Look.Gone || missing == Looks) return look;
        }
    }

    async Task<Look> LookAsync(CancellationToken cancel)
    {
        if (await TryReadAsync(cancel).ConfigureAwait(false) is { } all) return all.Exists(one => one.SiloAddress.Equals(self.SiloAddress)) ? Look.Listed : Look.NotListed;
        return await ListensAsync(cancel).ConfigureAwait(false) == false ? Look.Gone : Look.Unknown;
    }

    /// <summary>Without this the runtime would look for the silo at longer and longer intervals.</summary>
    async Task AwaitSiloAsync(CancellationToken cancel)
    {
        if (await ListensAsync(cancel).ConfigureAwait(false) != true) LogWaiting(_silo);
        await AwaitListeningAsync(cancel).ConfigureAwait(false);
        await members.InitializeMembershipTableAsync(tryInitTableVersion: false, cancel).ConfigureAwait(false);
        while (await TryReadAsync(cancel).ConfigureAwait(false) is not { } all || !all.Exists(IsActiveSilo)) await PauseAsync(s_soon, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Where two processes change the list of members at once the runtime lets one of them wait for seconds, and gateways whose silo was started anew
    /// all change it: first to joining, in an order by chance, as the silo answers all that have waited for it at once.
    /// </summary>
    async Task AwaitJoiningAsync(CancellationToken cancel)
    {
        await AwaitOthersAsync(static one => one.Status == SiloStatus.Joining, cancel).ConfigureAwait(false);
        await PauseAsync(s_spread * Random.Shared.NextDouble(), cancel).ConfigureAwait(false);
    }

    /// <summary>Then to active, in the order of their addresses.</summary>
    Task AwaitActivationAsync(CancellationToken cancel) =>
        AwaitOthersAsync(one => one.Status == SiloStatus.Joining && one.SiloAddress.CompareTo(self.SiloAddress) < 0, cancel);

    async Task AwaitOthersAsync(Predicate<MembershipEntry> isAhead, CancellationToken cancel)
    {
        var since = time.GetTimestamp();
        // Not for ever: who is ahead may have died.
        while (time.GetElapsedTime(since) < s_turn && await TryReadAsync(cancel).ConfigureAwait(false) is { } all && all.Exists(isAhead))
            await PauseAsync(s_soon, cancel).ConfigureAwait(false);
    }

    /// <summary>Twice in a row: a silo that starts listens for a moment, to see whether it can.</summary>
    async Task AwaitListeningAsync(CancellationToken cancel)
    {
        for (var times = 0; times < 2; times = await ListensAsync(cancel).ConfigureAwait(false) == true ? times + 1 : 0)
            await PauseAsync(s_soon, cancel).ConfigureAwait(false);
    }

    Task PauseAsync(TimeSpan pause, CancellationToken cancel) => Task.Delay(pause, time, cancel);

    bool IsActiveSilo(MembershipEntry one) => one.Status == SiloStatus.Active && one.SiloAddress.Endpoint.Equals(_silo);

    /// <returns>Null where nobody answers.</returns>
    async Task<List<MembershipEntry>?> TryReadAsync(CancellationToken cancel)
    {
        try
        {
            var table = await members.ReadAllAsync(cancel).WaitAsync(s_patience, time, cancel).ConfigureAwait(false);
            return [.. table.Members.Select(static member => member.Item1)];
        }
        catch (Exception) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <returns>Null where it is not known.</returns>
    async Task<bool?> ListensAsync(CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(_silo, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested)
        {
            return fault is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? false : null;
        }
    }

    /// <summary>Nothing of the silo's cluster is left but its gateways, which would look for it and for each other.</summary>
    Task LeaveAsync() => services.GetRequiredService<Silo>().StopAsync(new CancellationToken(canceled: true));

    [LoggerMessage(4001, LogLevel.Warning, "The silo was started anew: this gateway joins it from the beginning.")]
    partial void LogAnotherCluster();

    [LoggerMessage(4003, LogLevel.Warning, "The silo at {Silo} is gone: this gateway refuses what it is asked for, and joins when one listens there.")]
    partial void LogGone(IPEndPoint silo);

    [LoggerMessage(4004, LogLevel.Warning, "No silo listens at {Silo} yet: this gateway waits for it.")]
    partial void LogWaiting(IPEndPoint silo);
}

/// <summary>
/// Starts a gateway of a journal's silo from the beginning where Orleans would end the process: when it reads members of a lower version
/// than it knows, because the silo was started anew, or finds itself declared dead. The gateway owns no mailboxes, so nothing is at stake.
/// </summary>
sealed partial class StartAgainOnFatalError(GridState grid, StartAgain again, ILogger<StartAgainOnFatalError> log) : IFatalErrorHandler
{
    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        if (again.Asked.IsCompleted) return;
        LogFatal(context ?? exception?.Message ?? $"{sender}");
        grid.Lose();
        again.Ask();
    }

    [LoggerMessage(4002, LogLevel.Warning, "This gateway joins the silo from the beginning: {Reason}")]
    partial void LogFatal(string reason);
}
