using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Reads a mailbox as its only reader, page by page, and acknowledges each page when it was handled: what was not is read again, by this
/// process or by another that waits for its turn. The mailbox itself is the lock: it is opened to be refused where somebody has it.
/// </summary>
sealed class LetterTaker(IMailboxGrid grid, TimeProvider time, ILogger<LetterTaker> log)
{
    static readonly TimeSpan s_turn = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);
    static readonly OpenRequest s_request = new() { From = StartFrom.Oldest, Conflict = ConflictPolicy.Reject, WindowMessages = 100 };

    /// <summary>Runs until it is cancelled.</summary>
    /// <param name="handle">Returns when everything is done with a page. It is called by one task.</param>
    public async Task RunAsync(Taking taking, Func<IReadOnlyList<Received>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        var attempts = new Attempts(time, s_turn, s_longest);
        while (true)
        {
            if (await TryTakeAsync(taking, handle, cancel).ConfigureAwait(false)) attempts.Succeeded();
            await attempts.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    async Task<bool> TryTakeAsync(Taking taking, Func<IReadOnlyList<Received>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        try
        {
            return await IsJoinedAsync(taking, cancel).ConfigureAwait(false) && await TakeAsync(taking.Mailbox, handle, cancel).ConfigureAwait(false);
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested)
        {
            // The grid is not there now, or no longer: what was not acknowledged comes again.
            log.TakingFailed(taking.Mailbox.ToString(), fault);
            return false;
        }
    }

    // Somebody may have removed the mailbox or a group: to open it would make one that gets nothing.
    async Task<bool> IsJoinedAsync(Taking taking, CancellationToken cancel)
    {
        var groups = (await grid.GetAsync(taking.Mailbox, cancel).ConfigureAwait(false))?.Groups ?? [];
        return taking.Groups.All(groups.Contains) || await taking.JoinAsync(cancel).ConfigureAwait(false);
    }

    /// <returns>False where another reads it, or it cannot be read now.</returns>
    async Task<bool> TakeAsync(MailboxName mailbox, Func<IReadOnlyList<Received>, CancellationToken, Task> handle, CancellationToken cancel)
    {
        using var bell = new Bell();
        if ((await grid.OpenAsync(mailbox, s_request, bell, cancel).ConfigureAwait(false)).Reader is not { } reader) return false;
        using var closing = new Closer(reader);
        while (await PageAsync(reader, bell, cancel).ConfigureAwait(false) is { } page)
        {
            await handle(page, cancel).ConfigureAwait(false);
            reader.Written();
            await grid.AcknowledgeAsync(mailbox, page[^1].Position, cancel).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>At least one; null when the reader has ended.</summary>
    static async Task<List<Received>?> PageAsync(IMailboxReader reader, Bell bell, CancellationToken cancel)
    {
        var page = new List<Received>();
        while (true)
        {
            var status = reader.TryRead(page);
            if (status == ReadStatus.Ended) return null;
            if (page.Count > 0 && status != ReadStatus.Read) return page;
            if (status == ReadStatus.Cold) await reader.LoadAsync(cancel).ConfigureAwait(false);
            else if (status == ReadStatus.Empty) await bell.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    readonly struct Closer(IMailboxReader reader) : IDisposable
    {
        public void Dispose() => reader.Close();
    }
}

/// <summary>A mailbox whose letters somebody takes.</summary>
/// <param name="Groups">Whose letters it gets.</param>
/// <param name="JoinAsync">Makes it and joins it to the groups; answers whether it is one whose letters are still wanted.</param>
sealed record Taking(MailboxName Mailbox, IReadOnlyList<GroupName> Groups, Func<CancellationToken, ValueTask<bool>> JoinAsync);

/// <summary>Wakes one task that reads a mailbox.</summary>
sealed class Bell : IReaderSignal, IDisposable
{
    readonly SemaphoreSlim _rung = new(0);

    public void Ready() => _rung.Release();

    public Task WaitAsync(CancellationToken cancel) => _rung.WaitAsync(cancel);

    public void Dispose() => _rung.Dispose();
}

/// <summary>The waits between attempts: doubling, with jitter so that those who failed together do not come back together.</summary>
sealed class Attempts(TimeProvider time, TimeSpan first, TimeSpan longest)
{
    int _failures;

    static readonly TimeSpan s_mostAsked = TimeSpan.FromDays(1);

    public Task WaitAsync(CancellationToken cancel) => WaitAsync(TimeSpan.Zero, cancel);

    /// <param name="asked">Not earlier than that, up to a day (<c>Retry-After</c>).</param>
    public Task WaitAsync(TimeSpan asked, CancellationToken cancel)
    {
        var wait = first * Math.Pow(2, Math.Min(_failures++, 30));
        wait = (wait < longest ? wait : longest) * (0.5 + Random.Shared.NextDouble());
        if (asked > s_mostAsked) asked = s_mostAsked;
        return Task.Delay(wait > asked ? wait : asked, time, cancel);
    }

    public void Succeeded() => _failures = 0;
}

static partial class TakingLog
{
    [LoggerMessage(2201, LogLevel.Warning, "What waits in {Mailbox} cannot be read now; it is tried again.")]
    public static partial void TakingFailed(this ILogger log, string mailbox, Exception fault);

    [LoggerMessage(2202, LogLevel.Warning, "The webhooks cannot be read now; it is tried again.")]
    public static partial void LookingFailed(this ILogger log, Exception fault);

    [LoggerMessage(2203, LogLevel.Warning, "The webhook {Name} does not take its calls. It is called again, at longer and longer intervals.")]
    public static partial void WebhookFails(this ILogger log, string name);

    [LoggerMessage(2204, LogLevel.Information, "The webhook {Name} takes its calls again.")]
    public static partial void WebhookRecovered(this ILogger log, string name);

    [LoggerMessage(2207, LogLevel.Warning, "The webhook {Name} answered {Status} to the call {Id}, which is set aside.")]
    public static partial void WebhookRefuses(this ILogger log, string name, int status, string id);

    [LoggerMessage(2208, LogLevel.Warning, "The webhook {Name} answered 410: it is ended until it is put again.")]
    public static partial void WebhookEnded(this ILogger log, string name);

    [LoggerMessage(2205, LogLevel.Warning, "The backend does not take what clients say. It is asked again, and what they say waits.")]
    public static partial void UplinksWait(this ILogger log);

    [LoggerMessage(2206, LogLevel.Information, "The backend takes what clients say again.")]
    public static partial void UplinksGoOn(this ILogger log);
}
