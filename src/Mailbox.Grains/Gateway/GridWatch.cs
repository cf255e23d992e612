namespace Mailbox.Grains;

/// <summary>
/// Follows the cluster for a gateway: whether a silo has mailboxes, and which has left; beats in every session each second, and asks every two seconds which
/// silo owns what and whether deliveries are accepted.
/// </summary>
sealed class GridWatch(
    IClusterMembershipService membership, MailboxSilos silos, PartitionOwners owners, GridRequests requests, GatewayLink link, GridState state, PartitionMap map,
    IGrainFactory grains, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    static readonly TimeSpan s_beat = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(100);

    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(GridWatch), ServiceLifecycleStage.Active, _ => StartAsync(), _ => StopAsync());

    async Task StartAsync()
    {
        // Not in a grain's call: the link would be its.
        requests.Link = grains.CreateObjectReference<IGatewayLink>(link);
        // The first request finds where to go.
        if (silos.Active.Any()) await AskAsync().ConfigureAwait(false);
        _running = Task.WhenAll(Task.Run(FollowAsync), Task.Run(BeatAsync));
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
            foreach (var session in requests.Sessions)
                if (snapshot.GetSiloStatus(session.Silo).IsTerminating()) session.End();
    }

    async Task BeatAsync()
    {
        for (var beats = 0; ; beats++)
        {
            if (beats % 2 == 0 || !state.IsReady) await AskAsync().ConfigureAwait(false);
            requests.Beat();
            await Task.Delay(state.IsReady ? s_beat : s_soon, time, _stopping.Token).ConfigureAwait(false);
        }
    }

    async Task AskAsync()
    {
        await owners.AskAsync().ConfigureAwait(false);
        if (!map.IsOfLog) map.Set(owners.ToArray());
        state.HasSilo = owners.Count > 0 && silos.Active.Any();
        state.IsReady = state.HasSilo && owners.IsReady;
    }

    public void Dispose() => _stopping.Dispose();
}
