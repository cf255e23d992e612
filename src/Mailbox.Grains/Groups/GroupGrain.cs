using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>The one sender of a group. Knows no rules: its office does.</summary>
[Reentrant]
sealed class GroupGrain(IGroupOffice office) : Grain, IGroupGrain
{
    GroupName _name;
    IGroupSender? _sender;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _name = GroupName.Parse(this.GetPrimaryKeyString());
        _sender = office.SenderOf(_name);
        return Task.CompletedTask;
    }

    public async Task<SendResult> Send(GroupSend send)
    {
        var result = await _sender!.SendAsync(send);
        LeaveIfLost();
        return result;
    }

    public async Task Resume()
    {
        await _sender!.ResumeAsync();
        LeaveIfLost();
    }

    public async Task<MembersResult> ChangeMembers(MembersChange change) => await office.ChangeMembersAsync(_name, change);

    public async Task<GroupDescription> Describe(string? after, int limit)
    {
        try
        {
            return await office.GetAsync(_name, after, limit) is { } page ? new(Outcome.Stored, page) : new(Outcome.NotFound);
        }
        catch (Storage.StoreException)
        {
            return new(Outcome.StoreFailed);
        }
    }

    public async Task<Outcome> Remove(Guid key) => await office.RemoveAsync(_name, key);

    /// <summary>Another activation took the group: the directory knows by now which one.</summary>
    void LeaveIfLost()
    {
        if (_sender!.IsLost) DeactivateOnIdle();
    }
}
