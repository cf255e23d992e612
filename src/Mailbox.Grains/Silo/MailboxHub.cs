using Mailbox.Engine;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>Passes on to the engine what gateways and other silos say of many mailboxes at once.</summary>
[Reentrant]
sealed class MailboxHub(GrainId id, Silo silo, ILoggerFactory log, GatewaySessions sessions, MailboxEngine engine)
    : GrainService(id, silo, log), IMailboxHub
{
    public Task<bool> Take(SessionBatch batch) => Task.FromResult(sessions.Take(batch));

    public Task<OwnedPartitions> Owned()
    {
        Partition[] owned = [.. engine.Partitions.Owned];
        return Task.FromResult(new OwnedPartitions(
            engine.IsReady, engine.Partitions.Count, Array.ConvertAll(owned, static one => one.Number), Array.ConvertAll(owned, static one => one.Claim)));
    }

    public async Task<PassedParts> Apply(PassedParts operations) =>
        new(await Task.WhenAll(Array.ConvertAll(operations.Parts, part => PartitionPeers.ApplyAsync(engine, part!))));

    public async Task<NamesPart> GroupPart(GroupName group, string? after, int limit)
    {
        var partitions = OwnedNow();
        var page = await engine.GroupPartAsync(group, after, limit, CancellationToken.None);
        return new(StillOwned(partitions), page.Count, [.. page.Members], page.Next);
    }

    public async Task<NamesPart> List(string? after, int limit)
    {
        var partitions = OwnedNow();
        var names = await engine.ListAsync(after, limit);
        return new(StillOwned(partitions), names.Count, [.. names], null);
    }

    int[] OwnedNow() => [.. engine.Partitions.Owned.Select(static partition => partition.Number)];

    int[] StillOwned(int[] partitions) => Array.FindAll(partitions, number => engine.Partitions[number] is not null);
}
