using Mailbox.Engine;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>
/// What the grid tells one subscriber: at least once, in order for each mailbox. Handlers run in the thread pool, one
/// at a time; a position to begin at is not taken: a subscriber goes on where it was.
/// </summary>
sealed class LetterStream<T>(Subscriber<T> subscriber) : IAsyncStream<T>
{
    public bool IsRewindable => false;

    public string ProviderName => LetterStreams.ProviderName;

    public StreamId StreamId => subscriber.StreamId;

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncObserver<T> observer) =>
        Subscription<T>.StartAsync(subscriber, new(observer));

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(
        IAsyncObserver<T> observer, StreamSequenceToken? token, string? filterData = null) => SubscribeAsync(observer);

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncBatchObserver<T> observer) =>
        Subscription<T>.StartAsync(subscriber, new(observer));

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncBatchObserver<T> observer, StreamSequenceToken? token) =>
        SubscribeAsync(observer);

    /// <returns>One, where there is a subscription: its subscriber's.</returns>
    public async Task<IList<StreamSubscriptionHandle<T>>> GetAllSubscriptionHandles() =>
        await subscriber.IsMemberAsync().ConfigureAwait(false) ? [new Subscription<T>(subscriber, static () => Task.CompletedTask)] : [];

    public Task OnNextAsync(T item, StreamSequenceToken? token = null) => throw OnlyTheGrid();

    public Task OnNextBatchAsync(IEnumerable<T> batch, StreamSequenceToken? token = null) => throw OnlyTheGrid();

    public Task OnCompletedAsync() => throw OnlyTheGrid();

    public Task OnErrorAsync(Exception ex) => throw OnlyTheGrid();

    public bool Equals(IAsyncStream<T>? other) => other is LetterStream<T> && other.StreamId == StreamId;

    public int CompareTo(IAsyncStream<T>? other) => other is null ? 1 : StreamId.CompareTo(other.StreamId);

    public override bool Equals(object? obj) => Equals(obj as IAsyncStream<T>);

    public override int GetHashCode() => StreamId.GetHashCode();

    static NotSupportedException OnlyTheGrid() => new("Only the grid tells what happens in it.");
}

/// <summary>
/// The stream provider <c>mailbox</c>: its streams are of <see cref="MailboxEvent"/> in the namespace <c>events</c>, and of
/// <see cref="UplinkLetter"/> in <c>uplinks</c>; the key of each names a subscriber.
/// </summary>
sealed class LetterStreams(MailboxGridClient grid) : IStreamProvider
{
    public const string ProviderName = "mailbox";

    public string Name => ProviderName;

    public bool IsRewindable => false;

    public IAsyncStream<T> GetStream<T>(StreamId streamId) =>
        (Find(streamId.GetNamespace(), streamId.GetKeyAsString()) as IAsyncStream<T>) ?? throw new ArgumentException(
            $"The streams here are of {nameof(MailboxEvent)}, in the namespace '{Tellings.Events.Namespace}', and of {nameof(UplinkLetter)}, in '{Tellings.Uplinks.Namespace}'.",
            nameof(streamId));

    object? Find(string? space, string key) =>
        space == Tellings.Events.Namespace ? grid.Events(key)
        : space == Tellings.Uplinks.Namespace ? grid.Uplinks(key)
        : null;
}
