using Mailbox.Engine;
using Mailbox.Storage;
using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>The whole grid, at the silo that a backend is connected to; as many of it as are needed.</summary>
[StatelessWorker]
[Reentrant]
sealed class GridGrain(MailboxEngine engine, IMailboxGrid grid, PartitionPeers peers, TimeProvider time) : Grain, IGridGrain
{
    // The caller hears of those that are answered before its own time is over.
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(8);

    public async Task<PostResult> Post(PostRequest post) => await grid.PostAsync(post);

    public async Task<DeliverResult[]> Deliver(DeliveryBatch batch)
    {
        var answers = new Task<DeliverResult>[batch.To.Length];
        for (var i = 0; i < answers.Length; i++) answers[i] = grid.DeliverAsync(batch.To[i], batch.Drafts[i]).AsTask();
        using var late = new CancellationTokenSource(s_patience, time);
        var results = new DeliverResult[answers.Length];
        for (var i = 0; i < answers.Length; i++)
        {
            try
            {
                results[i] = await answers[i].WaitAsync(late.Token);
            }
            catch (OperationCanceledException)
            {
                results[i] = new(Outcome.StoreFailed);
            }
        }
        return results;
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
}
