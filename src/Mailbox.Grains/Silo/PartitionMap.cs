using Mailbox.Engine;
using Mailbox.Storage;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Mailbox.Grains;

/// <summary>Which silo owns which partition, as far as this process knows. Safe from any thread.</summary>
sealed class PartitionMap
{
    SiloAddress?[] _owners = [];

    /// <summary>What the log says counts, in a silo that has one; a gateway goes by what silos say.</summary>
    public bool IsOfLog { get; set; }

    /// <summary>0 while nothing is known.</summary>
    public int Count => Volatile.Read(ref _owners).Length;

    public SiloAddress? this[int partition] => Volatile.Read(ref _owners) is var owners && partition < owners.Length ? owners[partition] : null;

    /// <summary>Null where nobody owns it now, or nothing is known yet.</summary>
    public SiloAddress? OwnerOf(string name) => Volatile.Read(ref _owners) is { Length: > 0 } owners ? owners[PartitionTable.NumberOf(name, owners.Length)] : null;

    public IEnumerable<SiloAddress> Owners => Volatile.Read(ref _owners).OfType<SiloAddress>().Distinct();

    public SiloAddress?[] ToArray() => Volatile.Read(ref _owners);

    public void Set(SiloAddress?[] owners) => Volatile.Write(ref _owners, owners);

    /// <summary>Looks in the log, for a silo that has it.</summary>
    /// <returns>The owners that the log names, whether they are there or not.</returns>
    /// <exception cref="StoreException">The log cannot be reached.</exception>
    public async Task<SiloAddress?[]> RefreshAsync(ILog log, IClusterMembershipService membership, CancellationToken cancel)
    {
        var named = (await log.OwnersAsync(cancel).ConfigureAwait(false))
            .Select(static owner => owner.Owner is { Length: > 0 } name ? SiloAddress.FromParsableString(name) : null).ToArray();
        var snapshot = membership.CurrentSnapshot;
        Set(Array.ConvertAll(named, owner => IsGone(snapshot, owner) ? null : owner));
        return named;
    }

    public static bool IsGone(ClusterMembershipSnapshot snapshot, SiloAddress? owner) =>
        owner is not null && snapshot.GetSiloStatus(owner) is SiloStatus.Dead or SiloStatus.None;
}

/// <summary>The silos of the cluster that have mailboxes: a gateway has none. Safe from any thread.</summary>
sealed class MailboxSilos(IClusterMembershipService membership, IClusterManifestProvider manifests)
{
    static readonly GrainType s_mailbox = GrainType.Create("mailbox");

    public IEnumerable<SiloAddress> Active
    {
        get
        {
            var grains = manifests.Current.Silos;
            foreach (var member in membership.CurrentSnapshot.Members.Values)
                if (member.Status == SiloStatus.Active && grains.TryGetValue(member.SiloAddress, out var silo) && silo.Grains.ContainsKey(s_mailbox)) yield return member.SiloAddress;
        }
    }
}

/// <summary>How partitions move between silos.</summary>
sealed class PartitionOptions
{
    /// <summary>A silo that joins gets partitions only when it has stayed for so long: one that starts and dies must not move them twice.</summary>
    public TimeSpan StableFor { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Grains of mailboxes and groups are where their partition is. One that is elsewhere answers that it is not the owner, and moves.</summary>
[AttributeUsage(AttributeTargets.Class)]
sealed class PartitionPlacementAttribute() : PlacementAttribute(new PartitionPlacement());

[GenerateSerializer, Immutable, Alias("mailbox.PartitionPlacement")]
sealed class PartitionPlacement : PlacementStrategy;

sealed class PartitionPlacementDirector(PartitionMap map) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } hint) return Task.FromResult(hint);
        var owner = map.OwnerOf(target.GrainIdentity.Key.ToString()!);
        return Task.FromResult(owner is not null && silos.Contains(owner) ? owner : silos[Random.Shared.Next(silos.Length)]);
    }
}
