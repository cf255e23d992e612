using Mailbox.Engine;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>
/// What happens to mailboxes, for one subscriber: at least once, in order for each mailbox. Handlers run in the thread pool, one
/// at a time; a position to begin at is not taken: a subscriber goes on where it was.
/// </summary>
sealed class EventStream(EventSubscriber subscriber) : IAsyncStream<MailboxEvent>
{
    public bool IsRewindable => false;

    public string ProviderName => EventStreams.ProviderName;

    public StreamId StreamId => subscriber.StreamId;

    public Task<StreamSubscriptionHandle<MailboxEvent>> SubscribeAsync(IAsyncObserver<MailboxEvent> observer) =>
        EventSubscription.StartAsync(subscriber, new(observer));

    public Task<StreamSubscriptionHandle<MailboxEvent>> SubscribeAsync(
        IAsyncObserver<MailboxEvent> observer, StreamSequenceToken? token, string? filterData = null) => SubscribeAsync(observer);

    public Task<StreamSubscriptionHandle<MailboxEvent>> SubscribeAsync(IAsyncBatchObserver<MailboxEvent> observer) =>
        EventSubscription.StartAsync(subscriber, new(observer));

    public Task<StreamSubscriptionHandle<MailboxEvent>> SubscribeAsync(IAsyncBatchObserver<MailboxEvent> observer, StreamSequenceToken? token) =>
        SubscribeAsync(observer);

    /// <returns>One, where there is a subscription: its subscriber's.</returns>
    public async Task<IList<StreamSubscriptionHandle<MailboxEvent>>> GetAllSubscriptionHandles() =>
        await subscriber.IsMemberAsync().ConfigureAwait(false) ? [new EventSubscription(subscriber, static () => Task.CompletedTask)] : [];

    public Task OnNextAsync(MailboxEvent item, StreamSequenceToken? token = null) => throw OnlyTheGrid();

    public Task OnNextBatchAsync(IEnumerable<MailboxEvent> batch, StreamSequenceToken? token = null) => throw OnlyTheGrid();

    public Task OnCompletedAsync() => throw OnlyTheGrid();

    public Task OnErrorAsync(Exception ex) => throw OnlyTheGrid();

    public bool Equals(IAsyncStream<MailboxEvent>? other) => other is EventStream && other.StreamId == StreamId;

    public int CompareTo(IAsyncStream<MailboxEvent>? other) => other is null ? 1 : StreamId.CompareTo(other.StreamId);

    public override bool Equals(object? obj) => Equals(obj as IAsyncStream<MailboxEvent>);

    public override int GetHashCode() => StreamId.GetHashCode();

    static NotSupportedException OnlyTheGrid() => new("Only the grid tells what happened to mailboxes.");
}
