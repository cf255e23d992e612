using Mailbox.Storage;

namespace Mailbox.Gateway;

/// <summary>Makes a mailbox that takes letters, with room for a time without its reader.</summary>
static class Joining
{
    public static async Task JoinAsync(
        IMailboxGrid grid, MailboxName taker, MailboxOptionsChange bounds, IEnumerable<GroupName> groups, Attempts attempts, CancellationToken cancel)
    {
        while (!await TryJoinAsync(grid, taker, bounds, groups, cancel).ConfigureAwait(false)) await attempts.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <returns>True: from now on it gets everything.</returns>
    public static async Task<bool> TryJoinAsync(
        IMailboxGrid grid, MailboxName taker, MailboxOptionsChange bounds, IEnumerable<GroupName> groups, CancellationToken cancel)
    {
        try
        {
            if (await grid.SetOptionsAsync(taker, bounds, cancel).ConfigureAwait(false) != Outcome.Stored) return false;
            foreach (var group in groups)
                if ((await grid.ChangeMembersAsync(group, [taker], [], cancel).ConfigureAwait(false)).Outcome != Outcome.Stored) return false;
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }
}
