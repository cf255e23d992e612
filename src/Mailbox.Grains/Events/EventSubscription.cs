using System.Security.Cryptography;
using System.Text;
using Mailbox.Engine;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>A subscriber that is told, or was in a former life of its process and may be again.</summary>
/// <param name="end">Ends the telling.</param>
sealed class EventSubscription(EventSubscriber subscriber, Func<Task> end) : StreamSubscriptionHandle<MailboxEvent>
{
    public override StreamId StreamId => subscriber.StreamId;

    public override string ProviderName => EventStreams.ProviderName;

    /// <summary>The same for the same subscriber, in any process.</summary>
    public override Guid HandleId { get; } = new(SHA256.HashData(Encoding.UTF8.GetBytes(subscriber.StreamId.ToString())).AsSpan(0, 16));

    public static async Task<StreamSubscriptionHandle<MailboxEvent>> StartAsync(EventSubscriber subscriber, EventHandling handling)
    {
        await subscriber.JoinAsync().ConfigureAwait(false);
        var ending = new CancellationTokenSource();
        _ = Task.Run(() => subscriber.RunAsync(handling, ending.Token));
        return new EventSubscription(subscriber, ending.CancelAsync);
    }

    public override Task<StreamSubscriptionHandle<MailboxEvent>> ResumeAsync(IAsyncObserver<MailboxEvent> observer, StreamSequenceToken? token = null) =>
        RestartAsync(new(observer));

    public override Task<StreamSubscriptionHandle<MailboxEvent>> ResumeAsync(
        IAsyncBatchObserver<MailboxEvent> observer, StreamSequenceToken? token = null) => RestartAsync(new(observer));

    public override async Task UnsubscribeAsync()
    {
        await end().ConfigureAwait(false);
        await subscriber.LeaveAsync().ConfigureAwait(false);
    }

    async Task<StreamSubscriptionHandle<MailboxEvent>> RestartAsync(EventHandling handling)
    {
        await end().ConfigureAwait(false);
        return await StartAsync(subscriber, handling).ConfigureAwait(false);
    }

    public override bool Equals(StreamSubscriptionHandle<MailboxEvent>? other) => other?.HandleId == HandleId;

    public override bool Equals(object? obj) => Equals(obj as StreamSubscriptionHandle<MailboxEvent>);

    public override int GetHashCode() => HandleId.GetHashCode();
}
