using Mailbox.Engine;
using Mailbox.Storage;
using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>
/// A mailbox, at the silo that owns its partition, as backends call it by name; what comes through gateways goes past it (<see cref="GatewaySessions"/>). It holds
/// nothing: the rules and the state are the engine's. Calls interleave; each is one step of the engine.
/// </summary>
[Reentrant, PartitionPlacement]
sealed class MailboxGrain(
    MailboxEngine engine, PartitionMap map, TimeProvider time, GridLife life) : Grain, IMailboxGrain
{
    MailboxName _name;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _name = MailboxName.Parse(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public async Task<DeliverResult> Deliver(MessageDraft draft)
    {
        var result = await engine.DeliverAsync(_name, draft);
        Follow(result.Outcome);
        return result;
    }

    public async Task<AcknowledgeOutcome> Acknowledge(Position position)
    {
        var outcome = await engine.AcknowledgeAsync(_name, position);
        if (outcome == AcknowledgeOutcome.Unavailable) FollowIfLost();
        return outcome;
    }

    public async Task<Outcome> SetOptions(MailboxOptionsChange change) => Follow(await engine.SetOptionsAsync(_name, change));

    public async Task<Description> Describe()
    {
        try
        {
            return await engine.GetAsync(_name) is { } info ? new(Outcome.Stored, info) : new(Outcome.NotFound);
        }
        catch (StoreException)
        {
            return new(FollowIfLost() ? Outcome.NotOwner : Outcome.StoreFailed);
        }
    }

    public async Task<Outcome> Remove() => Follow(await engine.RemoveAsync(_name));

    public async Task<Outcome> DeleteMessage(Position position) => Follow(await engine.DeleteMessageAsync(_name, position));

    public async Task<ReadAnswer> Read(ReadRequest request, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, life.Stopping);
        var answer = await new LongPoll(engine, time).ReadAsync(_name, request, stop.Token);
        if (answer.Outcome == OpenOutcome.Unavailable) FollowIfLost();
        return answer;
    }

    /// <summary>For answers that do not say why: whether the partition is not this silo's now.</summary>
    bool FollowIfLost()
    {
        if (engine.Partitions.Find(_name) is not null) return false;
        Follow(Outcome.NotOwner);
        return true;
    }

    Outcome Follow(Outcome outcome)
    {
        this.FollowPartition(map, outcome);
        return outcome;
    }
}
