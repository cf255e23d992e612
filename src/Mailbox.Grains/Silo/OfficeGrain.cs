using Mailbox.Engine;
using Orleans.Concurrency;
using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>Answers for its silo; as many of it as are needed.</summary>
[StatelessWorker]
[Reentrant]
sealed class OfficeGrain(MailboxEngine engine) : Grain, IOfficeGrain
{
    public async Task<PostResult?> Post(Posting posting) => engine.Options.OwnsAll ? await engine.PostAsync(posting.Post) : null;

    public async Task<MailboxName[]?> List(string? after, int limit)
    {
        try
        {
            return [.. await Task.Run(async () => await engine.ListAsync(after, limit))];
        }
        catch (StoreException)
        {
            return null;
        }
    }

    public Task<bool> IsReady() => Task.FromResult(engine.IsReady);
}
