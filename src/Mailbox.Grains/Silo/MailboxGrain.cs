using Mailbox.Engine;
using Mailbox.Storage;
using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>
/// A mailbox, at the silo that owns its partition. It holds nothing: the rules and the state are the engine's. Calls interleave; each is one step of
/// the engine.
/// </summary>
[Reentrant, PartitionPlacement]
sealed class MailboxGrain(
    MailboxEngine engine, IMailboxGrid grid, Outboxes outboxes, PartitionMap map, ILocalSiloDetails silo, TimeProvider time, GridLife life) : Grain, IMailboxGrain
{
    static readonly TimeSpan s_whileAttached = TimeSpan.FromDays(1);
    static readonly TimeSpan s_noLonger = TimeSpan.FromSeconds(-1);

    MailboxName _name;
    TaskScheduler? _scheduler;
    int _attached;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _name = MailboxName.Parse(this.GetPrimaryKeyString());
        _scheduler = TaskScheduler.Current;
        return Task.CompletedTask;
    }

    public async Task<DeliverResult> Deliver(Delivery delivery)
    {
        var result = (await engine.PostAsync(new(delivery.Draft, [_name], [], []) { Copy = delivery.Copy })).To[0];
        Follow(result.Outcome);
        return result;
    }

    public async Task<DeliverResult[]> DeliverMany(Deliveries deliveries)
    {
        var results = await Task.WhenAll(Array.ConvertAll(deliveries.Drafts, draft => engine.DeliverAsync(_name, draft).AsTask()));
        foreach (var result in results) Follow(result.Outcome);
        return results;
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

    public async Task<UplinkResult> Uplink(UplinkCall call)
    {
        var result = await engine.UplinkAsync(_name, call.Request, engine.Partitions.Count == 1 ? null : grid, CancellationToken.None);
        Follow(result.Outcome);
        return result;
    }

    public async Task<ReadAnswer> Read(ReadRequest request, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, life.Stopping);
        var answer = await new LongPoll(engine, time).ReadAsync(_name, request, stop.Token);
        if (answer.Outcome == OpenOutcome.Unavailable) FollowIfLost();
        return answer;
    }

    public async Task<Attached> Attach(AttachRequest request)
    {
        if (request.IsHeld) Hold();
        var attached = await outboxes.AttachAsync(_name, request, silo.SiloAddress, request.IsHeld ? LetGo : static () => { });
        if (attached.Outcome == OpenOutcome.Unavailable) FollowIfLost();
        return attached;
    }

    void Hold()
    {
        if (_attached++ == 0) DelayDeactivation(s_whileAttached);
    }

    /// <summary>Called by any thread.</summary>
    void LetGo() => Task.Factory.StartNew(NoteLetGo, CancellationToken.None, TaskCreationOptions.None, _scheduler!);

    void NoteLetGo()
    {
        if (--_attached == 0) DelayDeactivation(s_noLonger);
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
