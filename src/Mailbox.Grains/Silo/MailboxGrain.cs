using Mailbox.Engine;
using Mailbox.Storage;
using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>
/// Says which engine owns a mailbox, and nothing else: the rules are the engine's. Where every mailbox is this engine's the grain only
/// routes. Calls interleave; each is one step of the engine.
/// </summary>
[Reentrant]
sealed class MailboxGrain(
    MailboxEngine engine, IMailboxGrid grid, Outboxes outboxes, ILocalSiloDetails silo, TimeProvider time, GridLife life) : Grain, IMailboxGrain
{
    static readonly TimeSpan s_whileAttached = TimeSpan.FromDays(1);
    static readonly TimeSpan s_noLonger = TimeSpan.FromSeconds(-1);

    MailboxName _name;
    TaskScheduler? _scheduler;
    int _attached;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _name = MailboxName.Parse(this.GetPrimaryKeyString());
        _scheduler = TaskScheduler.Current;
        if (!engine.Options.OwnsAll && !await engine.Owned.AcquireAsync([_name], cancellationToken))
            throw new StoreException("The silo takes no mailboxes now: it is stopping, or its store failed.");
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (!engine.Options.OwnsAll) await engine.Owned.ReleaseAsync([_name]);
    }

    public async Task<DeliverResult> Deliver(Delivery delivery)
    {
        var result = await engine.DeliverAsync(_name, delivery.Draft);
        LeaveIfLost(result.Outcome);
        return result;
    }

    public async Task<DeliverResult[]> DeliverMany(Deliveries deliveries)
    {
        var results = await Task.WhenAll(Array.ConvertAll(deliveries.Drafts, draft => engine.DeliverAsync(_name, draft).AsTask()));
        foreach (var result in results) LeaveIfLost(result.Outcome);
        return results;
    }

    public async Task<AcknowledgeOutcome> Acknowledge(Position position)
    {
        var outcome = await engine.AcknowledgeAsync(_name, position);
        if (outcome == AcknowledgeOutcome.Unavailable) await IsLost();
        return outcome;
    }

    public async Task<Outcome> SetOptions(MailboxOptionsChange change) => LeaveIfLost(await engine.SetOptionsAsync(_name, change));

    public async Task<Description> Describe()
    {
        try
        {
            if (await engine.GetAsync(_name) is { } info) return new(Outcome.Stored, info);
            return new(await IsLost() ? Outcome.NotOwner : Outcome.NotFound);
        }
        catch (StoreException)
        {
            return new(Outcome.StoreFailed);
        }
    }

    public async Task<Outcome> Remove() => LeaveIfLost(await engine.RemoveAsync(_name));

    public async Task<Outcome> DeleteMessage(Position position) => LeaveIfLost(await engine.DeleteMessageAsync(_name, position));

    public async Task<UplinkResult> Uplink(UplinkCall call)
    {
        var result = await Uplinking.RunAsync(engine, _name, call.Request, engine.Options.OwnsAll ? null : grid, CancellationToken.None);
        LeaveIfLost(result.Outcome);
        return result;
    }

    public async Task<ReadAnswer> Read(ReadRequest request, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, life.Stopping);
        var answer = await new LongPoll(engine, time).ReadAsync(_name, request, stop.Token);
        if (answer.Outcome == OpenOutcome.Unavailable) await IsLost();
        return answer;
    }

    public async Task<Attached> Attach(AttachRequest request)
    {
        if (request.IsHeld) Hold();
        var attached = await outboxes.AttachAsync(_name, request, silo.SiloAddress, request.IsHeld ? LetGo : static () => { });
        if (attached.Outcome == OpenOutcome.Unavailable) await IsLost();
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

    async ValueTask<bool> IsLost()
    {
        if (engine.Options.OwnsAll || await engine.Owned.HasAsync(_name)) return false;
        DeactivateOnIdle();
        return true;
    }

    /// <summary>Another activation took the mailbox, in the store: the directory knows by now which one.</summary>
    Outcome LeaveIfLost(Outcome outcome)
    {
        if (outcome == Outcome.NotOwner) DeactivateOnIdle();
        return outcome;
    }
}
