using Mailbox.Engine;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>Passes on to the engine what gateways and other silos say of many mailboxes at once.</summary>
[Reentrant]
sealed class MailboxHub(GrainId id, Silo silo, ILoggerFactory log, Outboxes outboxes, MailboxEngine engine)
    : GrainService(id, silo, log), IMailboxHub
{
    public Task Report(GatewayReport report)
    {
        outboxes.Report(report);
        return Task.CompletedTask;
    }

    public Task<AuditAnswer> Audit(AuditRequest request) => Task.FromResult(outboxes.Audit(request));

    public async Task<PassedParts> Apply(PassedParts operations) =>
        new(await Task.WhenAll(Array.ConvertAll(operations.Parts, part => PartitionPeers.ApplyAsync(engine, part!))));

    public async Task<NamesPart> GroupPart(GroupName group, string? after, int limit)
    {
        var partitions = Owned();
        var page = await engine.GroupPartAsync(group, after, limit, CancellationToken.None);
        return new(StillOwned(partitions), page.Count, [.. page.Members], page.Next);
    }

    public async Task<NamesPart> List(string? after, int limit)
    {
        var partitions = Owned();
        var names = await engine.ListAsync(after, limit);
        return new(StillOwned(partitions), names.Count, [.. names], null);
    }

    int[] Owned() => [.. engine.Partitions.Owned.Select(static partition => partition.Number)];

    int[] StillOwned(int[] partitions) => Array.FindAll(partitions, number => engine.Partitions[number] is not null);
}
