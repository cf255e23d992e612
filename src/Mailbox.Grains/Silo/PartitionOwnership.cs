using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// Sees to it that every partition of a shared log has one owner. The log decides who that is; the cluster's membership proposes: every silo computes the
/// same assignment, takes what is free or belongs to a silo that is gone, and hands over to silos that have joined, one partition after the other.
/// </summary>
sealed partial class PartitionOwnership(
    IClusterMembershipService membership, MailboxSilos silos, MailboxEngine engine, ILocalSiloDetails silo, PartitionMap map,
    PartitionOptions options, TimeProvider time, ILogger<PartitionOwnership> log) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    static readonly TimeSpan s_every = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(200);

    readonly CancellationTokenSource _stopping = new();
    readonly SemaphoreSlim _wake = new(0);
    Task _running = Task.CompletedTask;
    SiloAddress[] _members = [];
    long _changedAt = time.GetTimestamp();

    string Self => silo.SiloAddress.ToParsableString();

    public void Participate(ISiloLifecycle lifecycle)
    {
        // Before the silo takes calls: the first of them finds the partitions that nobody else has.
        lifecycle.Subscribe(nameof(PartitionOwnership), ServiceLifecycleStage.Active - 1, _ => StartAsync(), static _ => Task.CompletedTask);
        lifecycle.Subscribe(nameof(PartitionOwnership), ServiceLifecycleStage.Active, static _ => Task.CompletedTask, _ => StopAsync());
    }

    async Task StartAsync()
    {
        map.IsOfLog = true;
        await TryLookAsync().ConfigureAwait(false);
        _running = Task.WhenAll(Task.Run(FollowAsync), Task.Run(LookAsync));
    }

    /// <summary>What is owned is handed over in order, so that the next owner need not wait for this silo's death.</summary>
    async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await engine.ReleaseAsync([.. engine.Partitions.Owned.Select(static partition => partition.Number)]).ConfigureAwait(false);
        }
        catch (StoreException fault)
        {
            LogNotLooked(fault);
        }
    }

    async Task FollowAsync()
    {
        await foreach (var _ in membership.MembershipUpdates.WithCancellation(_stopping.Token).ConfigureAwait(false)) _wake.Release();
    }

    async Task LookAsync()
    {
        while (true)
        {
            var isDone = await TryLookAsync().ConfigureAwait(false);
            await _wake.WaitAsync(isDone ? s_every : s_again, _stopping.Token).ConfigureAwait(false);
            while (await _wake.WaitAsync(TimeSpan.Zero, _stopping.Token).ConfigureAwait(false)) { }
        }
    }

    /// <returns>False where it is to be done again soon.</returns>
    async Task<bool> TryLookAsync()
    {
        try
        {
            return await LookOnceAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (!_stopping.IsCancellationRequested)
        {
            LogNotLooked(fault);
            return false;
        }
    }

    async Task<bool> LookOnceAsync(CancellationToken cancel)
    {
        var known = await map.RefreshAsync(engine.Log, membership, cancel).ConfigureAwait(false);
        var snapshot = membership.CurrentSnapshot;
        // In one order everywhere. This silo is one of them before the others see it so.
        SiloAddress[] members = [.. silos.Active.Append(silo.SiloAddress).Distinct().Order()];
        if (!members.SequenceEqual(_members)) (_members, _changedAt) = (members, time.GetTimestamp());
        var assigned = Assign(engine.Partitions.Count, members);
        // Another silo has claimed them, because it took this one for gone: no commit tells an owner that has nothing to write.
        var lost = engine.Partitions.Owned.Select(static partition => partition.Number).Where(number => !silo.SiloAddress.Equals(known[number])).ToList();
        if (lost.Count > 0)
        {
            LogLost(lost.Count);
            await engine.ReleaseAsync(lost).ConfigureAwait(false);
        }
        var missing = Enumerable.Range(0, known.Length).Where(i => silo.SiloAddress.Equals(assigned[i]) && engine.Partitions[i] is null).ToList();
        var free = missing.Where(i => IsFree(snapshot, known[i])).ToList();
        if (free.Count > 0)
        {
            await engine.OwnAsync(free, Self, cancel).ConfigureAwait(false);
            LogOwned(free.Count);
            await map.RefreshAsync(engine.Log, membership, cancel).ConfigureAwait(false);
        }
        engine.Channels.PassAll();
        if (time.GetElapsedTime(_changedAt) < options.StableFor) return true;
        var leaving = engine.Partitions.Owned.Where(partition => assigned[partition.Number] is { } other && !other.Equals(silo.SiloAddress)).Select(static partition => partition.Number).FirstOrDefault(-1);
        // What others are about to hand over, or free, is taken soon.
        if (leaving < 0) return free.Count == missing.Count;
        await engine.ReleaseAsync([leaving]).ConfigureAwait(false);
        LogHandedOver(leaving, assigned[leaving]!);
        return false;
    }

    bool IsFree(ClusterMembershipSnapshot snapshot, SiloAddress? owner) =>
        owner is null || owner.Equals(silo.SiloAddress) || PartitionMap.IsGone(snapshot, owner);

    /// <summary>
    /// Each partition goes to the silo that a hash of both ranks highest, unless that has its share already. So a silo that joins or leaves moves few of them.
    /// </summary>
    internal static SiloAddress?[] Assign(int partitions, SiloAddress[] members)
    {
        var assigned = new SiloAddress?[partitions];
        if (members.Length == 0) return assigned;
        var share = (partitions + members.Length - 1) / members.Length;
        var counts = new int[members.Length];
        for (var partition = 0; partition < partitions; partition++)
        {
            var best = -1;
            var rank = 0UL;
            for (var i = 0; i < members.Length; i++)
            {
                if (counts[i] == share) continue;
                var mine = Rank(partition, members[i]);
                if (best < 0 || mine > rank) (best, rank) = (i, mine);
            }
            counts[best]++;
            assigned[partition] = members[best];
        }
        return assigned;
    }

    static ulong Rank(int partition, SiloAddress silo)
    {
        var hash = ((ulong)(uint)silo.GetConsistentHashCode() << 32) ^ ((ulong)partition * 0x9E3779B97F4A7C15UL);
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53UL;
        return hash ^ (hash >> 33);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _wake.Dispose();
    }

    [LoggerMessage(3123, LogLevel.Information, "This silo owns {Count} more partitions.")]
    partial void LogOwned(int count);

    [LoggerMessage(3124, LogLevel.Warning, "Who owns the partitions could not be seen; it is tried again.")]
    partial void LogNotLooked(Exception fault);

    [LoggerMessage(3126, LogLevel.Warning, "{Count} partitions of this silo were claimed by others.")]
    partial void LogLost(int count);

    [LoggerMessage(3125, LogLevel.Information, "Partition {Partition} is handed over to {Silo}, which has joined.")]
    partial void LogHandedOver(int partition, SiloAddress silo);
}
