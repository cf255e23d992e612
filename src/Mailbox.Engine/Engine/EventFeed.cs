using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Mailbox.Engine;

/// <summary>Hands events to whoever watches in this process. A watcher that falls <see cref="Backlog"/> events behind loses the oldest. Safe from any thread.</summary>
sealed class EventFeed
{
    const int Backlog = 65_536;

    readonly Lock _gate = new();
    volatile Channel<MailboxEvent>[] _watchers = [];

    public void Publish(in MailboxEvent happened)
    {
        foreach (var watcher in _watchers) watcher.Writer.TryWrite(happened);
    }

    public async IAsyncEnumerable<MailboxEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var watcher = Channel.CreateBounded<MailboxEvent>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate) _watchers = [.. _watchers, watcher];
        try
        {
            await foreach (var happened in watcher.Reader.ReadAllAsync(cancel).ConfigureAwait(false)) yield return happened;
        }
        finally
        {
            lock (_gate) _watchers = [.. _watchers.Where(other => other != watcher)];
        }
    }
}
