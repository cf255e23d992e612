namespace Mailbox.Grains;

/// <summary>The sender of one group; its key is the group's name. Backends use the client, which retries.</summary>
[Alias("mailbox.IGroupGrain")]
public interface IGroupGrain : IGrainWithStringKey
{
    [Alias("send"), ResponseTimeout("00:00:10")]
    Task<SendResult> Send(GroupSend send);

    [Alias("change-members"), ResponseTimeout("00:00:10")]
    Task<MembersResult> ChangeMembers(MembersChange change);

    [Alias("describe"), ResponseTimeout("00:00:05")]
    Task<GroupDescription> Describe(string? after, int limit);

    /// <param name="key">As in <see cref="MembersChange"/>.</param>
    [Alias("remove"), ResponseTimeout("00:00:05")]
    Task<Outcome> Remove(Guid key);
}
