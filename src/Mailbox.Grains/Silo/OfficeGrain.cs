using Mailbox.Engine;
using Mailbox.Storage;
using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>Answers for its silo; as many of it as are needed.</summary>
[StatelessWorker]
[Reentrant]
sealed class OfficeGrain(MailboxEngine engine, PartitionPeers peers, PartitionMap map) : Grain, IOfficeGrain
{
    public async Task<PostResult?> Post(Posting posting) => engine.Partitions.Count == 1 ? await engine.PostAsync(posting.Post) : null;

    public async Task<DeliverResult[]?> DeliverMany(DeliveryBatch batch)
    {
        if (engine.Partitions.Count > 1) return null;
        var answers = new Task<DeliverResult>[batch.To.Length];
        for (var i = 0; i < answers.Length; i++) answers[i] = engine.DeliverAsync(batch.To[i], batch.Drafts[i]).AsTask();
        return await Task.WhenAll(answers);
    }

    public async Task<MailboxName[]?> List(string? after, int limit)
    {
        try
        {
            return engine.Partitions.Count > 1 ? await peers.ListAsync(after, limit, CancellationToken.None) : [.. await engine.ListAsync(after, limit)];
        }
        catch (StoreException)
        {
            return null;
        }
    }

    public Task<bool> IsReady() => Task.FromResult(engine.IsReady);

    public Task<SiloAddress?[]> Owners() => Task.FromResult(map.ToArray());
}
