using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Takes mailboxes ahead of their load. What is asked for while the database is busy with others is gathered and taken together.
/// Safe from any thread.
/// </summary>
sealed class MailboxLoader(NpgsqlDataSource source, PostgresOptions options, KnownKeys keys)
{
    const int MostAtOnce = 2;

    readonly object _lock = new();
    // Null for a mailbox that did not exist.
    readonly Dictionary<MailboxName, RecoveredMailbox?> _prepared = [];
    Gathering? _next;
    int _running;

    public Task PrepareAsync(IReadOnlyCollection<MailboxName> names, CancellationToken cancel)
    {
        if (names.Count == 0) return Task.CompletedTask;
        Task taken;
        lock (_lock)
        {
            _next ??= new();
            _next.Names.UnionWith(names);
            taken = _next.Taken;
            if (_running < MostAtOnce) Start();
        }
        return taken.WaitAsync(cancel);
    }

    /// <returns>Those that another owner has.</returns>
    public async Task<IReadOnlyCollection<MailboxName>> PrepareUnownedAsync(IReadOnlyCollection<MailboxName> names, CancellationToken cancel)
    {
        var taken = await Task.Run(() => TakeAsync(names, onlyUnowned: true), cancel).ConfigureAwait(false);
        Keep(names.Except(taken.Left), taken);
        return taken.Left;
    }

    /// <summary>What was prepared, once; else it is taken now. Null where it does not exist.</summary>
    public StoredMailbox? Load(MailboxName name)
    {
        lock (_lock)
            if (_prepared.Remove(name, out var prepared)) return prepared?.Recover();
        var taken = Task.Run(() => TakeAsync([name])).GetAwaiter().GetResult();
        lock (_lock) _prepared.Remove(name);
        return taken.Mailboxes.SingleOrDefault()?.Recover();
    }

    /// <summary>What was prepared is not how it is any more.</summary>
    public void Forget(MailboxName name)
    {
        lock (_lock) _prepared.Remove(name);
    }

    void Start()
    {
        if (_next is not { } gathering) return;
        _next = null;
        _running++;
        _ = Task.Run(() => RunAsync(gathering));
    }

    async Task RunAsync(Gathering gathering)
    {
        try
        {
            Keep(gathering.Names, await TakeAsync(gathering.Names).ConfigureAwait(false));
            gathering.Succeed();
        }
        catch (Exception e)
        {
            gathering.Fail(e);
        }
        finally
        {
            lock (_lock)
            {
                _running--;
                Start();
            }
        }
    }

    async Task<TakenMailboxes> TakeAsync(IEnumerable<MailboxName> names, bool onlyUnowned = false)
    {
        try
        {
            var sorted = names.Select(static name => name.ToString()).Order(StringComparer.Ordinal).ToArray();
            var taken = await TakenMailboxes.TakeAsync(source, sorted, options.Owner, onlyUnowned).ConfigureAwait(false);
            keys.Remember(taken.Keys, DateTimeOffset.UnixEpoch);
            return taken;
        }
        catch (NpgsqlException e)
        {
            throw new StoreException($"The database gave no mailboxes: {e.Message}", e);
        }
    }

    void Keep(IEnumerable<MailboxName> names, TakenMailboxes taken)
    {
        lock (_lock)
        {
            foreach (var name in names) _prepared.TryAdd(name, null);
            foreach (var mailbox in taken.Mailboxes)
                if (_prepared.GetValueOrDefault(mailbox.Name) is not { } other || other.Fence < mailbox.Fence)
                    _prepared[mailbox.Name] = mailbox;
        }
    }
}
