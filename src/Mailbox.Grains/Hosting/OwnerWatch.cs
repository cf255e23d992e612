using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// Follows the cluster for the store that its silos share: the mailboxes of silos that are gone belong to nobody, and who held them there
/// counts as disconnected (spec M15). Looks at the start, when a silo has died, and now and then.
/// </summary>
sealed partial class OwnerWatch(
    IClusterMembershipService membership, IOwnerRegistry owners, MailboxEngine engine, TimeProvider time, ILogger<OwnerWatch> log)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // A silo that hung may take mailboxes after it was declared dead, until it learns of that.
    static readonly TimeSpan s_every = TimeSpan.FromSeconds(10);

    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(OwnerWatch), ServiceLifecycleStage.Active, _ => StartAsync(), _ => StopAsync());

    public void Dispose() => _stopping.Dispose();

    Task StartAsync()
    {
        _running = Task.WhenAll(Task.Run(FollowAsync), Task.Run(LookAsync));
        return Task.CompletedTask;
    }

    async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task FollowAsync()
    {
        HashSet<string> former = [];
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(_stopping.Token).ConfigureAwait(false))
        {
            var alive = AliveIn(snapshot);
            if (!former.IsSubsetOf(alive)) await ForgetAsync().ConfigureAwait(false);
            former = alive;
        }
    }

    async Task LookAsync()
    {
        while (true)
        {
            await ForgetAsync().ConfigureAwait(false);
            await Task.Delay(s_every, time, _stopping.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Again until it is done.</summary>
    async Task ForgetAsync()
    {
        var backoff = new Backoff(time);
        while (!await TryForgetAsync().ConfigureAwait(false)) await backoff.WaitAsync(_stopping.Token).ConfigureAwait(false);
    }

    async Task<bool> TryForgetAsync()
    {
        try
        {
            var known = await owners.OwnersAsync(_stopping.Token).ConfigureAwait(false);
            // Whoever owned something a moment ago was in the table before.
            await membership.Refresh(default, _stopping.Token).ConfigureAwait(false);
            var alive = AliveIn(membership.CurrentSnapshot);
            string[] dead = [.. known.Where(owner => !alive.Contains(owner) && owner != engine.Store.Owner)];
            if (dead.Length == 0) return true;
            await owners.ForgetOwnersAsync(dead, engine.Clock.Now, _stopping.Token).ConfigureAwait(false);
            LogForgotten(string.Join(' ', dead));
            return true;
        }
        catch (Exception fault) when (!_stopping.IsCancellationRequested)
        {
            LogNotForgotten(fault);
            return false;
        }
    }

    static HashSet<string> AliveIn(ClusterMembershipSnapshot snapshot) =>
    [
        .. snapshot.Members.Values.Where(static silo => silo.Status is not (SiloStatus.Dead or SiloStatus.None))
            .Select(static silo => SiloOwner.Of(silo.SiloAddress)),
    ];

    [LoggerMessage(3123, LogLevel.Information, "Mailboxes of {Silos}, which are gone, belong to nobody.")]
    partial void LogForgotten(string silos);

    [LoggerMessage(3124, LogLevel.Warning, "Mailboxes of silos that are gone still belong to them; it is tried again.")]
    partial void LogNotForgotten(Exception fault);
}
