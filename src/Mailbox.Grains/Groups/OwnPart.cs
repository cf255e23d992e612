using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>The part of a group send that this silo's engine does.</summary>
static class OwnPart
{
    /// <summary>
    /// Members that the engine does not have, and no other engine either, it takes for the moment: nobody had them, or it lost them and
    /// the store does not know.
    /// </summary>
    /// <returns>One for each member.</returns>
    public static async Task<PartOutcome[]> StoreAsync(MailboxEngine engine, OpenSend send, IReadOnlyList<SendMember> members)
    {
        PartOutcome[] outcomes = [.. await engine.Owned.SendPartAsync(send, members, takeUnowned: false).ConfigureAwait(false)];
        int[] missing = [.. Enumerable.Range(0, outcomes.Length).Where(i => outcomes[i] == PartOutcome.NotOwner)];
        if (missing.Length == 0) return outcomes;
        var taken = Array.ConvertAll(missing, i => members[i]);
        var again = await engine.Owned.SendPartAsync(send, taken, takeUnowned: true).ConfigureAwait(false);
        for (var i = 0; i < missing.Length; i++) outcomes[missing[i]] = again[i];
        return outcomes;
    }
}
