using Mailbox.Engine;
using Orleans.Concurrency;
using Orleans.Runtime.Placement;

namespace Mailbox.Grains;

/// <summary>A group, at the silo that owns its home partition. Knows no rules: the engine does.</summary>
[Reentrant, PartitionPlacement]
sealed class GroupGrain(MailboxEngine engine, PartitionPeers peers, PartitionMap map) : Grain, IGroupGrain
{
    GroupName _name;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _name = GroupName.Parse(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public async Task<SendResult> Send(MessageDraft draft, MailboxName[] except)
    {
        var result = await engine.SendAsync(_name, draft, except);
        this.FollowPartition(map, result.Outcome);
        return result;
    }

    public async Task<MembersResult> ChangeMembers(MembersChange change)
    {
        try
        {
            var result = await engine.ChangeMembersAsync(_name, change.Add, change.Remove, change.Key, CancellationToken.None);
            this.FollowPartition(map, result.Outcome);
            return result;
        }
        catch (Storage.StoreException)
        {
            return new(Outcome.StoreFailed);
        }
    }

    public async Task<GroupDescription> Describe(string? after, int limit)
    {
        try
        {
            var page = engine.Partitions.Count == 1 ? await engine.GetGroupAsync(_name, after, limit) : await peers.GetGroupAsync(_name, after, limit, CancellationToken.None);
            return page is not null ? new(Outcome.Stored, page) : new(Outcome.NotFound);
        }
        catch (Storage.StoreException)
        {
            // Partitions are about to have another owner: ask again.
            return new(engine.Partitions.Count == 1 ? Outcome.StoreFailed : Outcome.NotOwner);
        }
    }

    public async Task<Outcome> Remove(Guid key)
    {
        var outcome = await engine.RemoveGroupAsync(_name, key, CancellationToken.None);
        this.FollowPartition(map, outcome);
        return outcome;
    }
}

static class PartitionGrains
{
    /// <summary>The grain's partition is another silo's now: the next call finds it there.</summary>
    public static void FollowPartition(this Grain grain, PartitionMap map, Outcome outcome)
    {
        if (outcome != Outcome.NotOwner) return;
        if (map.OwnerOf(grain.GrainContext.GrainId.Key.ToString()!) is not { } owner || owner.Equals(grain.GrainContext.Address.SiloAddress)) return;
        grain.GrainContext.Migrate(new() { [IPlacementDirector.PlacementHintKey] = owner });
    }
}
