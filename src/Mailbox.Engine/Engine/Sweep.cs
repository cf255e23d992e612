using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Removes mailboxes that are overdue and that nobody owns, where several engines share a store (spec M15): takes them, looks at each as
/// its owner, and lets go. Who finds one that was used meanwhile, or has an owner by now, leaves it alone.
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
        if (names.Count == 0) return;
        var taken = await engine.Owned.AcquireUnownedAsync(names).ConfigureAwait(false);
        if (taken is not { Count: > 0 }) return;
        await engine.Owned.LookAtAsync(taken).ConfigureAwait(false);
        await engine.Owned.ReleaseAsync(taken).ConfigureAwait(false);
    }
}
