using System.Security.Cryptography;
using System.Text;
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

/// <summary>A subscriber that is told, or was in a former life of its process and may be again.</summary>
/// <param name="end">Ends the telling.</param>
sealed class Subscription<T>(Subscriber<T> subscriber, Func<Task> end) : StreamSubscriptionHandle<T>
{
    public override StreamId StreamId => subscriber.StreamId;

    public override string ProviderName => LetterStreams.ProviderName;

    /// <summary>The same for the same subscriber, in any process.</summary>
    public override Guid HandleId { get; } = new(SHA256.HashData(Encoding.UTF8.GetBytes(subscriber.StreamId.ToString())).AsSpan(0, 16));

    public static async Task<StreamSubscriptionHandle<T>> StartAsync(Subscriber<T> subscriber, Handling<T> handling)
    {
        await subscriber.JoinAsync().ConfigureAwait(false);
        var ending = new CancellationTokenSource();
        _ = Task.Run(() => subscriber.RunAsync(handling, ending.Token));
        return new Subscription<T>(subscriber, ending.CancelAsync);
    }

    public override Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncObserver<T> observer, StreamSequenceToken? token = null) =>
        RestartAsync(new(observer));

    public override Task<StreamSubscriptionHandle<T>> ResumeAsync(
        IAsyncBatchObserver<T> observer, StreamSequenceToken? token = null) => RestartAsync(new(observer));

    public override async Task UnsubscribeAsync()
    {
        await end().ConfigureAwait(false);
        await subscriber.LeaveAsync().ConfigureAwait(false);
    }

    async Task<StreamSubscriptionHandle<T>> RestartAsync(Handling<T> handling)
    {
        await end().ConfigureAwait(false);
        return await StartAsync(subscriber, handling).ConfigureAwait(false);
    }

    public override bool Equals(StreamSubscriptionHandle<T>? other) => other?.HandleId == HandleId;

    public override bool Equals(object? obj) => Equals(obj as StreamSubscriptionHandle<T>);

    public override int GetHashCode() => HandleId.GetHashCode();
}

/// <summary>
/// Told to a subscriber's <c>OnErrorAsync</c>: events that it will not get, because it was away too long or another reads under its name.
/// What comes after goes on.
/// </summary>
public sealed class EventsMissedException : Exception
{
    internal EventsMissedException(Gap gap) : base($"Events from {gap.From} to {gap.To} were missed: {gap.Reason}.") => Gap = gap;

    public Gap Gap { get; }
}
