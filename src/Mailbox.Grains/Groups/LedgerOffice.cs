using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>Groups of engines that share a store: the ledger keeps them, and each has one sender among the silos.</summary>
sealed class LedgerOffice(IGroupLedger ledger, MailboxEngine engine, PartSending parts, GridLife life) : IGroupOffice
{
    const int MostCommitsInALetter = 100;

    long _waitingBytes;

    public IGroupLedger Ledger => ledger;

    public PartSending Parts => parts;

    public CancellationToken Stopping => life.Stopping;

    public IGroupSender SenderOf(GroupName group) => new LedgerSender(this, group);

    public async ValueTask<MembersResult> ChangeMembersAsync(GroupName group, MembersChange change)
    {
        try
        {
            var now = engine.Clock.Now;
            var changed = await ledger.ChangeMembersAsync(
                group, change.Add, change.Remove, engine.Options.Mailbox, now, change.Key, Stopping).ConfigureAwait(false);
            Tell(changed.Expired, MailboxEventKind.Expired, now);
            Tell(changed.Made, MailboxEventKind.Opened, now);
            return changed.Result;
        }
        catch (Exception fault) when (SendFault.IsExpected(fault))
        {
            return new(SendFault.OutcomeOf(fault));
        }
    }

    public ValueTask<GroupPage?> GetAsync(GroupName group, string? after, int limit) => ledger.GetAsync(group, after, limit, Stopping);

    public async ValueTask<Outcome> RemoveAsync(GroupName group, Guid key)
    {
        try
        {
            return await ledger.RemoveAsync(group, engine.Clock.Now, key, Stopping).ConfigureAwait(false) ? Outcome.Stored : Outcome.NotFound;
        }
        catch (Exception fault) when (SendFault.IsExpected(fault))
        {
            return SendFault.OutcomeOf(fault);
        }
    }

    /// <summary>Why it may not wait for its turn; <see cref="Outcome.Stored"/> where it may, and is to <see cref="Leave"/>.</summary>
    public Outcome Enter(MessageDraft draft)
    {
        if (draft.Body.Length > engine.Options.MaxBodyBytes) return Outcome.TooLarge;
        if (Interlocked.Add(ref _waitingBytes, WeightOf(draft)) <= engine.Options.MaxQueuedBytes + WeightOf(draft)) return Outcome.Stored;
        Leave(draft);
        return Outcome.Overloaded;
    }

    public void Leave(MessageDraft draft) => Interlocked.Add(ref _waitingBytes, -WeightOf(draft));

    public SendIntent IntentOf(GroupName group, GroupSend send)
    {
        var (draft, now) = (send.Draft, engine.Clock.Now);
        return new(Acceptance.Accept(draft, group, now, engine.Options), KeyOf(group, send, now), send.Except, send.Reached, send.ReachedGroups)
        {
            Idle = draft.Idle,
        };
    }

    /// <returns>Null where nothing is to be told.</returns>
    public async Task<SendIntent?> TellingAsync()
    {
        var told = await ledger.ToldAsync(MostCommitsInALetter, Stopping).ConfigureAwait(false);
        var events = 0;
        var letter = told.TakeWhile((commit, index) => (events += commit.Events.Count) <= TellSubscribers.MostInALetter || index == 0).ToList();
        if (letter.Count == 0) return null;
        var draft = MailboxEvents.Write(letter.SelectMany(static commit => commit.Events));
        var message = Acceptance.Accept(draft, MailboxEvents.Group, engine.Clock.Now, engine.Options);
        return new(message, null, [], [], []) { Telling = [.. letter.Select(static commit => commit.Id)] };
    }

    /// <summary>They were committed with the change; this wakes who sends them.</summary>
    void Tell(IReadOnlyList<MailboxName> mailboxes, MailboxEventKind kind, DateTimeOffset now)
    {
        foreach (var mailbox in mailboxes) engine.Events.Publish(new(mailbox, kind, now));
    }

    SendKey? KeyOf(GroupName group, GroupSend send, DateTimeOffset now)
    {
        var draft = send.Draft;
        if (draft.IdempotencyKey is not { } key) return null;
        var life = draft.KeyLife < engine.Options.KeyMemory ? draft.KeyLife.Value : engine.Options.KeyMemory;
        return new(KeyHasher.KeyOf(group, key), KeyHasher.DigestOf(draft, send.Except), (uint)(now + life).ToUnixTimeSeconds());
    }

    static long WeightOf(MessageDraft draft) => Math.Max(1, draft.Body.Length);
}
