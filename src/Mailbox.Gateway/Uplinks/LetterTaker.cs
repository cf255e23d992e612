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
