using System.Runtime.InteropServices;

namespace Mailbox.Storage;

/// <summary>
/// All that one partition holds: mailboxes with their queues, memberships, keys, deadlines, and what of each container is in use. It is changed
/// by <see cref="ILogRecord.Apply"/> alone, when a batch is planned and when the log is replayed. Not thread-safe.
/// </summary>
sealed class PartitionState : IBodyKeeper<Location>
{
    readonly int _containerBits;
    readonly Dictionary<long, long> _used = [];

    public PartitionState(int number, uint incarnation, int containerBits)
    {
        (Number, Incarnation, _containerBits) = (number, incarnation, containerBits);
        Tables = new(this);
    }

    public int Number { get; }

    public uint Incarnation { get; }

    public MailboxTables<Location> Tables { get; }

    public ChannelState Channels { get; } = new();

    /// <summary>The counter of the newest mailbox: <see cref="Epoch"/>. Making a mailbox is synced before it is answered, so a lost one was told to nobody.</summary>
    public ulong LastEpoch { get; set; }

    /// <summary>The newest frame that was applied.</summary>
    public long Applied { get; set; }

    public ulong NewEpoch() => Epoch.Of(Incarnation, ++LastEpoch);

    public long ContainerOf(Location body) => (long)(body.Address >> _containerBits);

    /// <summary>Roughly the bytes that entries need of a container; exactly 0 when none lies in it.</summary>
    public long UsedOf(long container) => _used.GetValueOrDefault(container);

    void IBodyKeeper<Location>.Kept(Location body)
    {
        if (body.IsStored) CollectionsMarshal.GetValueRefOrAddDefault(_used, ContainerOf(body), out _) += body.Weight;
    }

    void IBodyKeeper<Location>.Released(Location body)
    {
        if (!body.IsStored) return;
        var container = ContainerOf(body);
        ref var used = ref CollectionsMarshal.GetValueRefOrAddDefault(_used, container, out _);
        used -= body.Weight;
        if (used == 0) _used.Remove(container);
    }
}

/// <summary>
/// An epoch is 24 bits of incarnation, which changes when a log is restored, and 40 of a counter of its partition. Records name mailboxes by
/// the counter alone, so that a restored copy changes all epochs by changing one number.
/// </summary>
static class Epoch
{
    const int CounterBits = 40;

    public static ulong Of(uint incarnation, ulong counter) => ((ulong)incarnation << CounterBits) | counter;

    public static ulong CounterOf(ulong epoch) => epoch & ((1UL << CounterBits) - 1);

    public static bool HasIncarnation(ulong epoch) => epoch >> CounterBits != 0;
}
