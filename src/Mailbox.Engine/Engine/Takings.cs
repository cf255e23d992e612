namespace Mailbox.Engine;

/// <summary>
/// Takes mailboxes in a store that several engines share. Who wants one that is being taken waits and finds it owned: to take it twice
/// would fence this engine off from itself. Safe from any thread.
/// </summary>
sealed class Takings(MailboxEngine engine)
{
    readonly Lock _gate = new();
    readonly Dictionary<MailboxName, Task> _running = [];

    /// <param name="onlyUnowned">Leaves those that another engine has; otherwise it is fenced off.</param>
    /// <returns>Those that were acquired; null where the engine is stopping.</returns>
    public async Task<IReadOnlyCollection<MailboxName>?> AcquireAsync(
        IReadOnlyCollection<MailboxName> names, bool onlyUnowned, CancellationToken cancel)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (!TryEnter(names, done.Task, out var other)) await other.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await TakeAsync(names, onlyUnowned, cancel).ConfigureAwait(false);
        }
        finally
        {
            Leave(names);
            done.SetResult();
        }
    }

    async Task<IReadOnlyCollection<MailboxName>?> TakeAsync(
        IReadOnlyCollection<MailboxName> names, bool onlyUnowned, CancellationToken cancel)
    {
        // Not to be cancelled: what it counts somebody must release.
        var owned = new AcquireOperation(engine, names, onlyOwned: true);
        var missing = await engine.AskAsync(owned, CancellationToken.None).ConfigureAwait(false);
        if (missing is not { Count: > 0 }) return missing is null ? null : names;
        var isTaken = false;
        try
        {
            var left = await PrepareAsync(missing, onlyUnowned, cancel).ConfigureAwait(false);
            var taken = new AcquireOperation(engine, [.. missing.Except(left)], onlyOwned: false);
            isTaken = await engine.AskAsync(taken, CancellationToken.None).ConfigureAwait(false) is not null;
            return isTaken ? [.. owned.Taken, .. taken.Taken] : null;
        }
        finally
        {
            if (!isTaken) await engine.Owned.ReleaseAsync(owned.Taken).ConfigureAwait(false);
        }
    }

    async ValueTask<IReadOnlyCollection<MailboxName>> PrepareAsync(
        IReadOnlyCollection<MailboxName> names, bool onlyUnowned, CancellationToken cancel)
    {
        if (onlyUnowned) return await engine.Store.PrepareUnownedAsync(names, cancel).ConfigureAwait(false);
        await engine.Store.PrepareAsync(names, cancel).ConfigureAwait(false);
        return [];
    }

    /// <summary>All of them or none, so that no two wait for each other.</summary>
    bool TryEnter(IReadOnlyCollection<MailboxName> names, Task done, out Task other)
    {
        lock (_gate)
        {
            foreach (var name in names)
                if (_running.TryGetValue(name, out other!)) return false;
            foreach (var name in names) _running[name] = done;
        }
        other = Task.CompletedTask;
        return true;
    }

    void Leave(IReadOnlyCollection<MailboxName> names)
    {
        lock (_gate)
            foreach (var name in names) _running.Remove(name);
    }
}
