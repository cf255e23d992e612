using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>
/// Sends to one group, one after the other: what was begun before, by whomever, comes first (spec G5, G9). Takes the group when it is first
/// used; once another has taken it, it is lost for good.
/// </summary>
sealed class LedgerSender(LedgerOffice office, GroupName group) : IGroupSender
{
    const ConfigureAwaitOptions AfterAnyEnd = ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing;

    readonly Lock _gate = new();
    readonly KeyedTurns _keyed = new();
    Task _last = Task.CompletedTask;
    long? _fence;
    bool _mayBeOpen = true;

    public bool IsLost { get; private set; }

    public ValueTask<SendResult> SendAsync(GroupSend send) => new(_keyed.Of(send, () => TakeTurnAsync(send)));

    public ValueTask ResumeAsync()
    {
        lock (_gate)
        {
            _last = ResumeInTurnAsync(_last);
            return new(_last);
        }
    }

    Task<SendResult> TakeTurnAsync(GroupSend send)
    {
        var refusal = office.Enter(send.Draft);
        if (refusal != Outcome.Stored) return Task.FromResult(new SendResult(refusal));
        lock (_gate)
        {
            var turn = SendInTurnAsync(_last, send);
            _last = turn;
            return turn;
        }
    }

    async Task<SendResult> SendInTurnAsync(Task before, GroupSend send)
    {
        await before.ConfigureAwait(AfterAnyEnd);
        try
        {
            return await SendAsync(office.IntentOf(group, send)).ConfigureAwait(false);
        }
        finally
        {
            office.Leave(send.Draft);
        }
    }

    async Task ResumeInTurnAsync(Task before)
    {
        await before.ConfigureAwait(AfterAnyEnd);
        if (await TryAsync(CompleteAsync).ConfigureAwait(false) == Outcome.Stored && group == MailboxEvents.Group) await TellAsync().ConfigureAwait(false);
    }

    /// <summary>What engines told is sent to the subscribers, as much as goes into one letter, until nothing waits.</summary>
    async Task TellAsync()
    {
        SendIntent? telling = null;
        do
        {
            if (await TryAsync(async () => telling = await office.TellingAsync().ConfigureAwait(false)).ConfigureAwait(false) != Outcome.Stored) return;
        }
        while (telling is not null && (await SendAsync(telling).ConfigureAwait(false)).Outcome == Outcome.Stored);
    }

    async Task<SendResult> SendAsync(SendIntent intent)
    {
        BegunSend begun = default;
        var refusal = await TryAsync(async () => begun = await BeginAsync(intent).ConfigureAwait(false)).ConfigureAwait(false);
        if (refusal != Outcome.Stored) return new(refusal);
        if (begun.Send is not { } send) return begun.Answer;
        SendResult result = default;
        var failure = await TryAsync(async () => result = await FinishAsync(send, begun.Members).ConfigureAwait(false)).ConfigureAwait(false);
        // Begun is begun: it will be completed, and only the same key may ask again.
        if (failure != Outcome.Stored) return new(Outcome.StoreFailed);
        _mayBeOpen = false;
        return result;
    }

    async Task<BegunSend> BeginAsync(SendIntent intent)
    {
        await CompleteAsync().ConfigureAwait(false);
        _mayBeOpen = true;
        var begun = await office.Ledger.BeginAsync(group, _fence!.Value, intent, office.Stopping).ConfigureAwait(false);
        _mayBeOpen = begun.Send is not null;
        return begun;
    }

    async Task CompleteAsync()
    {
        _fence ??= await office.Ledger.TakeAsync(group, office.Stopping).ConfigureAwait(false);
        if (!_mayBeOpen) return;
        foreach (var send in await office.Ledger.OpenSendsAsync(group, office.Stopping).ConfigureAwait(false))
            await FinishAsync(send, await office.Ledger.RemainingAsync(send.Id, office.Stopping).ConfigureAwait(false)).ConfigureAwait(false);
        _mayBeOpen = false;
    }

    async Task<SendResult> FinishAsync(OpenSend send, IReadOnlyList<SendMember> members)
    {
        await office.Parts.CarryOutAsync(send, members, office.Stopping).ConfigureAwait(false);
        return await office.Ledger.FinishAsync(group, _fence!.Value, send.Id, office.Stopping).ConfigureAwait(false);
    }

    async Task<Outcome> TryAsync(Func<Task> step)
    {
        if (IsLost) return Outcome.NotOwner;
        try
        {
            await step().ConfigureAwait(false);
            return Outcome.Stored;
        }
        catch (Exception fault) when (SendFault.IsExpected(fault))
        {
            IsLost |= fault is FencedException;
            return SendFault.OutcomeOf(fault);
        }
    }
}
