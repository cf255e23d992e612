namespace Mailbox.Grains;

/// <summary>How groups are kept: by the one engine that owns all mailboxes, or by a ledger that many share.</summary>
interface IGroupOffice
{
    /// <summary>The sender of one group takes its place, before anything is sent.</summary>
    IGroupSender SenderOf(GroupName group);

    ValueTask<MembersResult> ChangeMembersAsync(GroupName group, MembersChange change);

    /// <exception cref="Storage.StoreException">The store cannot be read.</exception>
    ValueTask<GroupPage?> GetAsync(GroupName group, string? after, int limit);

    ValueTask<Outcome> RemoveAsync(GroupName group, Guid key);
}
