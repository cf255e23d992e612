using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>
/// One who is told: a mailbox of the group that letters of a kind are sent to. What waits for it is on disk, in order, and stays until
/// its handler has come back: a backend that was away goes on where it was.
/// </summary>
sealed class Subscriber<T>(MailboxGridClient grid, Telling<T> telling, string name, TimeProvider time, CancellationToken stopping)
{
    readonly MailboxClient _mailbox = grid.OwnMailbox(telling.MailboxOf(name));
    readonly GroupClient _group = grid.OwnGroup(telling.Group);

    public StreamId StreamId { get; } = StreamId.Create(telling.Namespace, name);

    /// <summary>From its answer on everything is told.</summary>
    public async Task JoinAsync()
    {
        await _mailbox.SetOptionsAsync(telling.Bounds, stopping).ConfigureAwait(false);
        await _group.ChangeOwnAsync(_mailbox.Name, isMember: true, stopping).ConfigureAwait(false);
    }

    public async Task<bool> IsMemberAsync() => await _group.MembersAsync(stopping).ContainsAsync(_mailbox.Name).ConfigureAwait(false);

    public async Task LeaveAsync()
    {
        await _group.ChangeOwnAsync(_mailbox.Name, isMember: false, stopping).ConfigureAwait(false);
        await _mailbox.DeleteAsync(stopping).ConfigureAwait(false);
    }

    /// <summary>Runs until it is cancelled, or somebody ends the subscription.</summary>
    public async Task RunAsync(Handling<T> handling, CancellationToken cancel)
    {
        var backoff = new Backoff(time);
        while (!await TryRunAsync(handling, cancel).ConfigureAwait(false)) await backoff.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <returns>False where the grid could not be asked.</returns>
    async Task<bool> TryRunAsync(Handling<T> handling, CancellationToken cancel)
    {
        try
        {
            await ReadAsync(handling, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Unsubscribed, or the process is leaving.
        }
        catch (MailboxReadingEndedException)
        {
            await handling.CompleteAsync().ConfigureAwait(false);
        }
        catch (MailboxGridException fault)
        {
            await handling.FailAsync(fault).ConfigureAwait(false);
            return false;
        }
        return true;
    }

    async Task ReadAsync(Handling<T> handling, CancellationToken cancel)
    {
        await foreach (var received in _mailbox.OpenAsync(cancel: cancel).ConfigureAwait(false))
        {
            if (received.Message is { } letter) await HandleAsync(handling, received.Position, letter, cancel).ConfigureAwait(false);
            else await MissedAsync(handling, received.Gap!).ConfigureAwait(false);
        }
    }

    /// <summary>Until the handler takes it: what is after it waits.</summary>
    async Task HandleAsync(Handling<T> handling, Position position, Message letter, CancellationToken cancel)
    {
        SequentialItem<T>[] items = [.. telling.Read(letter).Select(
            (one, i) => new SequentialItem<T>(one, new EventSequenceTokenV2(position.Sequence, i)))];
        foreach (var part in handling.Parts(items))
        {
            var backoff = new Backoff(time);
            while (!await handling.TryAsync(part).ConfigureAwait(false)) await backoff.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    async Task MissedAsync(Handling<T> handling, Gap gap)
    {
        // The mailbox is another: it had expired, or its store lost it, and with it the membership.
        if (gap.Reason == GapReason.Epoch) await JoinAsync().ConfigureAwait(false);
        await handling.FailAsync(new EventsMissedException(gap)).ConfigureAwait(false);
    }
}
