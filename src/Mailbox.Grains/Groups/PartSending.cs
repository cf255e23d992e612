using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// Carries out group sends that were begun: the engine that owns a member's mailbox stores its part, all silos beside each other, and
/// again whatever failed or moved, until nobody remains (spec G6, G9).
/// </summary>
sealed partial class PartSending(
    IGroupLedger ledger, MailboxEngine engine, MailboxHubs hubs, IClusterMembershipService membership, TimeProvider time, ILogger<PartSending> log)
{
    const int MostInPart = 10_000;

    /// <exception cref="StoreException">The ledger cannot be reached.</exception>
    /// <returns>When every member has the message or refused it.</returns>
    public async Task CarryOutAsync(OpenSend send, IReadOnlyList<SendMember> members, CancellationToken stop)
    {
        var backoff = new Backoff(time);
        while (members.Count > 0)
        {
            // That all have it is certain. Of a refusal only the ledger knows whether it was the owner's.
            if (await SendAsync(send, members, stop).ConfigureAwait(false)) return;
            members = await ledger.RemainingAsync(send.Id, stop).ConfigureAwait(false);
            if (members.Count > 0) await backoff.WaitAsync(stop).ConfigureAwait(false);
        }
    }

    async Task<bool> SendAsync(OpenSend send, IReadOnlyList<SendMember> members, CancellationToken stop)
    {
        var owners = members.GroupBy(member => member.Owner ?? engine.Store.Owner!);
        var all = await Task.WhenAll(owners.Select(owned => SendToAsync(owned.Key, send, [.. owned], stop))).ConfigureAwait(false);
        return all.All(static isStored => isStored);
    }

    async Task<bool> SendToAsync(string owner, OpenSend send, SendMember[] members, CancellationToken stop)
    {
        var isStored = true;
        foreach (var part in members.Chunk(MostInPart))
            isStored &= owner == engine.Store.Owner
                ? AreStored(await OwnPart.StoreAsync(engine, send, part).WaitAsync(stop).ConfigureAwait(false))
                : await TrySendAwayAsync(owner, send, part, stop).ConfigureAwait(false);
        return isStored;
    }

    async Task<bool> TrySendAwayAsync(string owner, OpenSend send, SendMember[] part, CancellationToken stop)
    {
        try
        {
            var silo = SiloOwner.AddressOf(owner);
            // Nobody answers for it, and the call would only end with its time; soon the ledger knows, too.
            if (membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Dead) return false;
            var outcomes = await hubs.Of(silo).SendPart(new(send.Id, send.Message, part) { Idle = send.Idle }).WaitAsync(stop).ConfigureAwait(false);
            return AreStored(Array.ConvertAll(outcomes, static outcome => (PartOutcome)outcome));
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            // What it did the ledger knows; whether the silo is gone the membership will tell.
            LogPartFailed(owner, fault);
            return false;
        }
    }

    static bool AreStored(PartOutcome[] outcomes) => outcomes.All(static outcome => outcome == PartOutcome.Stored);

    [LoggerMessage(3121, LogLevel.Debug, "A part of a group send was not answered by silo {Owner}.")]
    partial void LogPartFailed(string owner, Exception fault);
}
