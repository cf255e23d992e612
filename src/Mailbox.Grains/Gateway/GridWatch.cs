using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Metadata;

namespace Mailbox.Grains;

/// <summary>
/// Follows the cluster for a gateway: whether a silo has mailboxes, readers of a silo that is gone attach again, every two seconds both sides
/// compare what they believe to be attached, and it is asked whether deliveries are accepted.
/// </summary>
sealed partial class GridWatch(
    IClusterMembershipService membership, IClusterManifestProvider manifests, RemoteReaders readers, Attaching attaching, GridServices grid, MailboxHubs hubs, GridState state,
    PartitionMap map, IServiceProviderIsService services, ILogger<GridWatch> log) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    static readonly GrainType s_mailbox = GrainType.Create("mailbox");
    static readonly TimeSpan s_every = TimeSpan.FromSeconds(2);
    // What was on its way is there by then, and who was dropped while this process hung has waited long enough.
    static readonly TimeSpan s_doubt = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(100);

    readonly bool _isOwner = services.IsService(typeof(Engine.MailboxEngine));
    readonly CancellationTokenSource _stopping = new();
    readonly HashSet<SiloAddress> _doubted = [];
    Task _running = Task.CompletedTask;

    TimeSpan Pause => !state.IsReady ? s_soon : _doubted.Count > 0 ? s_doubt : s_every;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(GridWatch), ServiceLifecycleStage.Active, _ => StartAsync(), _ => StopAsync());

    Task StartAsync()
    {
        state.HasSilo = HasMailboxes(manifests.Current);
        _running = Task.WhenAll(Task.Run(FollowAsync), Task.Run(FollowManifestsAsync), Task.Run(AuditAsync));
        return Task.CompletedTask;
    }

    async Task StopAsync()
    {
        state.IsReady = false;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task FollowAsync()
    {
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(_stopping.Token).ConfigureAwait(false))
            foreach (var silo in attaching.Silos)
                if (snapshot.GetSiloStatus(silo).IsTerminating()) attaching.Forget(silo);
    }

    /// <summary>What each silo can do: a gateway has no mailboxes.</summary>
    async Task FollowManifestsAsync()
    {
        await foreach (var manifest in manifests.Updates.WithCancellation(_stopping.Token).ConfigureAwait(false)) state.HasSilo = HasMailboxes(manifest);
    }

    static bool HasMailboxes(ClusterManifest cluster) => cluster.Silos.Values.Any(static silo => silo.Grains.ContainsKey(s_mailbox));

    async Task AuditAsync()
    {
        while (true)
        {
            state.IsReady = state.HasSilo && await IsReadyAsync().ConfigureAwait(false);
            SiloAddress[] silos = [.. attaching.Silos];
            _doubted.IntersectWith(silos);
            foreach (var silo in silos) await TryCompareAsync(silo).ConfigureAwait(false);
            await Task.Delay(Pause, grid.Time, _stopping.Token).ConfigureAwait(false);
        }
    }

    async Task<bool> IsReadyAsync()
    {
        try
        {
            // A silo that owns partitions knows better than it is told.
            if (!_isOwner) map.Set(await grid.Office().Owners().ConfigureAwait(false));
            return await grid.Office().IsReady().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            LogNotReady(fault);
            return false;
        }
    }

    async Task TryCompareAsync(SiloAddress silo)
    {
        try
        {
            await CompareAsync(silo).ConfigureAwait(false);
        }
        catch (Exception fault) when (!_stopping.IsCancellationRequested)
        {
            // Whether the silo is gone the membership will tell.
            LogNotCompared(silo, fault);
        }
    }

    /// <summary>What differs once may be on its way; what differs twice is compared one by one.</summary>
    internal async Task CompareAsync(SiloAddress silo)
    {
        var isDoubted = _doubted.Remove(silo);
        AttachmentKey[] attached = [.. readers.AttachedTo(silo)];
        var request = new AuditRequest(attaching.Gateway, attached.Length, AuditHash.Of(attached))
        {
            // With those that are about to be attached, so that the silo keeps them.
            Keys = isDoubted ? [.. readers.Keys] : null,
        };
        var answer = await hubs.Of(silo).Audit(request).ConfigureAwait(false);
        if (answer.Agrees) return;
        if (!isDoubted) _doubted.Add(silo);
        var missing = answer.Missing.ToHashSet();
        foreach (var key in attached)
            if (missing.Contains(key)) readers.Find(key.Id)?.Lose(key);
    }

    public void Dispose() => _stopping.Dispose();

    [LoggerMessage(3111, LogLevel.Debug, "No silo answers whether the grid is ready.")]
    partial void LogNotReady(Exception fault);

    [LoggerMessage(3112, LogLevel.Debug, "What is attached to silo {Silo} could not be compared.")]
    partial void LogNotCompared(SiloAddress silo, Exception fault);
}
