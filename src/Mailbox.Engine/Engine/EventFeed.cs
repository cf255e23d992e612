using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Mailbox.Engine;

/// <summary>Hands events to whoever watches in this process. A watcher that falls <see cref="Backlog"/> events behind loses the oldest.</summary>
sealed class EventFeed
{
    const int Backlog = 65_536;

    volatile Channel<MailboxEvent>[] _watchers = [];

    public bool IsWatched => _watchers.Length > 0;

    public void Publish(in MailboxEvent happened)
    {
        foreach (var watcher in _watchers) watcher.Writer.TryWrite(happened);
    }

    public async IAsyncEnumerable<MailboxEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var watcher = Channel.CreateBounded<MailboxEvent>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (this) _watchers = [.. _watchers, watcher];
        try
        {
            await foreach (var happened in watcher.Reader.ReadAllAsync(cancel).ConfigureAwait(false)) yield return happened;
        }
        finally
        {
            lock (this) _watchers = [.. _watchers.Where(other => other != watcher)];
        }
    }
}
