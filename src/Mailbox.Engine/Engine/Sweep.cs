using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Removes mailboxes that are overdue and that nobody owns, where several engines share a store (spec M15): takes them, which fences off
/// whoever comes at the same time, looks at each as its owner, and lets go. Who finds one that was used meanwhile leaves it alone.
/// </summary>
sealed class Sweep(MailboxEngine engine)
{
    const int AtOnce = 1000;

    int _isRunning;

    /// <summary>One at a time; one that comes while another runs does nothing. Faults are reported.</summary>
    public async Task RunAsync()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) != 0) return;
        try
        {
            await Task.Run(SweepAsync).ConfigureAwait(false);
        }
        catch (StoreException fault)
        {
            engine.Report(fault);
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    async Task SweepAsync()
    {
        var names = engine.Store.Overdue(engine.Clock.Now, AtOnce);
        if (names.Count == 0 || !await engine.AcquireAsync(names).ConfigureAwait(false)) return;
        await engine.LookAtAsync(names).ConfigureAwait(false);
        await engine.ReleaseAsync(names).ConfigureAwait(false);
    }
}
