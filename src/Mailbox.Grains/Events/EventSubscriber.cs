using Mailbox.Engine;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>
/// One who is told what happens: a mailbox of the group that events are sent to. What waits for it is on disk, in order, and stays until
/// its handler has come back: a backend that was away goes on where it was.
/// </summary>
sealed class EventSubscriber(MailboxGridClient grid, string name, TimeProvider time, CancellationToken stopping)
{
    const int MostLetters = 100_000;
    const int MostBytes = 64 << 20;

    readonly MailboxClient _mailbox = grid.Mailbox(MailboxEvents.SubscriberNamed(name));
    readonly GroupClient _group = grid.Group(MailboxEvents.Group);

    public StreamId StreamId { get; } = StreamId.Create(EventStreams.Namespace, name);

    /// <summary>From its answer on everything is told.</summary>
    public async Task JoinAsync()
    {
        await _mailbox.SetOptionsAsync(new() { MaxMessages = MostLetters, MaxBytes = MostBytes }, stopping).ConfigureAwait(false);
        await _group.AddAsync([_mailbox.Name], stopping).ConfigureAwait(false);
    }

    public async Task<bool> IsMemberAsync() => await _group.MembersAsync(stopping).ContainsAsync(_mailbox.Name).ConfigureAwait(false);

    public async Task LeaveAsync()
    {
        await _group.RemoveAsync([_mailbox.Name], stopping).ConfigureAwait(false);
        await _mailbox.DeleteAsync(stopping).ConfigureAwait(false);
    }

    /// <summary>Runs until it is cancelled, or somebody ends the subscription.</summary>
    public async Task RunAsync(EventHandling handling, CancellationToken cancel)
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
    }

    async Task ReadAsync(EventHandling handling, CancellationToken cancel)
    {
        await foreach (var received in _mailbox.OpenAsync(cancel: cancel).ConfigureAwait(false))
        {
            if (received.Message is { } letter) await HandleAsync(handling, received.Position, letter, cancel).ConfigureAwait(false);
            else await MissedAsync(handling, received.Gap!).ConfigureAwait(false);
        }
    }

    /// <summary>Until the handler takes it: what is after it waits.</summary>
    async Task HandleAsync(EventHandling handling, Position position, Message letter, CancellationToken cancel)
    {
        SequentialItem<MailboxEvent>[] items = [.. MailboxEvents.Read(letter.Body).Select(
            (happened, i) => new SequentialItem<MailboxEvent>(happened, new EventSequenceTokenV2(position.Sequence, i)))];
        foreach (var part in handling.Parts(items))
        {
            var backoff = new Backoff(time);
            while (!await handling.TryAsync(part).ConfigureAwait(false)) await backoff.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    async Task MissedAsync(EventHandling handling, Gap gap)
    {
        // The mailbox is another: it had expired, or its store lost it, and with it the membership.
        if (gap.Reason == GapReason.Epoch) await JoinAsync().ConfigureAwait(false);
        await handling.FailAsync(new EventsMissedException(gap)).ConfigureAwait(false);
    }
}
