using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Consumes a mailbox as its only reader, page by page, and acknowledges each page when it was handled. A page that was not is read again, by
/// this process or another. The mailbox itself is the lock: it is opened with <see cref="ConflictPolicy.Reject"/>. Safe from any thread.
/// </summary>
sealed class MailboxConsumer(IMailboxGrid grid, TimeProvider time, ILogger<MailboxConsumer> log)
{
    static readonly TimeSpan s_firstDelay = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(10);
    static readonly OpenRequest s_request = new() { From = StartFrom.Oldest, Conflict = ConflictPolicy.Reject, WindowMessages = 100 };

    /// <summary>Runs until it is cancelled.</summary>
    /// <param name="handle">Handles one page, and returns when nothing of it is left to do. Called by one task at a time.</param>
    public async Task RunAsync(ConsumedMailbox consumed, Func<IReadOnlyList<Received>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        var delays = new RetryDelays(time, s_firstDelay, s_longestDelay);
        while (true)
        {
            try
            {
                // The mailbox or a group may have been removed: an open alone would make a mailbox that receives nothing.
                var groups = (await grid.GetAsync(consumed.Mailbox, cancel).ConfigureAwait(false))?.Groups ?? [];
                var isMember = consumed.Groups.All(groups.Contains) || await consumed.JoinAsync(cancel).ConfigureAwait(false);
                if (isMember && await ConsumeAsync(consumed.Mailbox, handle, cancel).ConfigureAwait(false)) delays.Reset();
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested)
            {
                // The grid cannot be reached now. What was not acknowledged is read again.
                log.ConsumingFailed(consumed.Mailbox.ToString(), fault);
            }
            await delays.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <returns>False where another process reads the mailbox, or it cannot be read now.</returns>
    async Task<bool> ConsumeAsync(MailboxName mailbox, Func<IReadOnlyList<Received>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        using var signal = new AsyncSignal();
        if ((await grid.OpenAsync(mailbox, s_request, signal, cancel).ConfigureAwait(false)).Reader is not { } reader) return false;
        try
        {
            while (true)
            {
                var page = new List<Received>();
                var status = reader.Drain(page);
                if (status == ReadStatus.Ended) return true;
                if (page.Count > 0)
                {
                    await handle(page, cancel).ConfigureAwait(false);
                    reader.Written();
                    await grid.AcknowledgeAsync(mailbox, page[^1].Position, cancel).ConfigureAwait(false);
                }
                else if (status == ReadStatus.Cold) await reader.LoadAsync(cancel).ConfigureAwait(false);
                else await signal.WaitAsync(cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            reader.Close();
        }
    }
}

/// <summary>A mailbox that the gateway consumes.</summary>
/// <param name="Groups">The groups that it must be a member of.</param>
/// <param name="JoinAsync">Makes the mailbox and joins it to the groups; answers false where it is not wanted any more.</param>
sealed record ConsumedMailbox(MailboxName Mailbox, IReadOnlyList<GroupName> Groups, Func<CancellationToken, ValueTask<bool>> JoinAsync);

/// <summary>Wakes one task that reads a mailbox.</summary>
sealed class AsyncSignal : IReaderSignal, IDisposable
{
    readonly SemaphoreSlim _ready = new(0);

    public void Ready() => _ready.Release();

    public Task WaitAsync(CancellationToken cancel) => _ready.WaitAsync(cancel);

    public void Dispose() => _ready.Dispose();
}

/// <summary>Delays between attempts: doubling up to the longest, each half to one and a half times as long, so that attempts which failed together are not repeated together.</summary>
sealed class RetryDelays(TimeProvider time, TimeSpan first, TimeSpan longest)
{
    static readonly TimeSpan s_mostAsked = TimeSpan.FromDays(1);

    int _failures;

    /// <param name="atLeast">The delay that the other side asked for (<c>Retry-After</c>); heeded up to a day.</param>
    public Task WaitAsync(CancellationToken cancel, TimeSpan atLeast = default)
    {
        var wait = first * Math.Pow(2, Math.Min(_failures++, 30));
        wait = (wait < longest ? wait : longest) * (0.5 + Random.Shared.NextDouble());
        if (atLeast > s_mostAsked) atLeast = s_mostAsked;
        return Task.Delay(wait > atLeast ? wait : atLeast, time, cancel);
    }

    public void Reset() => _failures = 0;
}

static partial class MailboxConsumerLog
{
    [LoggerMessage(2201, LogLevel.Warning, "What waits in {Mailbox} cannot be read now; it is tried again.")]
    public static partial void ConsumingFailed(this ILogger log, string mailbox, Exception fault);
}
