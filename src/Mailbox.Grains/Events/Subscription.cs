using System.Security.Cryptography;
using System.Text;
using Orleans.Streams;

namespace Mailbox.Grains;

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
