using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Mailboxes in a PostgreSQL database that any number of processes share. Each mailbox has one owner at a time: a load takes it and raises
/// its fence, and a batch stores nothing for mailboxes whose fence is another. Commits block the calling thread, one thread at a time;
/// everything else may be called from any thread beside them (spec section 10).
/// </summary>
public sealed class PostgresStore : IMailboxStore, IOwnerRegistry
{
    const int ProbesBetweenCleanings = 60;

    readonly PostgresOptions _options;
    readonly NpgsqlDataSource _source;
    readonly NumberBlocks _numbers;
    readonly KnownKeys _keys = new();
    // A silo's death makes thousands read at once: they wait for each other, and leave connections to those who write.
    readonly SemaphoreSlim _readers;
    readonly Queries _queries;
    readonly Ownership _ownership;
    readonly MailboxLoader _loader;
    readonly Committer _committer;
    readonly TimeProvider _time;
    readonly ITimer? _timer;
    int _upkeepRuns;
    int _probes;
    bool _hasMissed;
    long _seen;
    bool _isDisposed;

    PostgresStore(PostgresOptions options, NpgsqlDataSource source, TimeProvider time)
    {
        (_options, _source, _time, _readers) = (options, source, time, new(options.MaxConnections / 2));
        (_numbers, _queries, _ownership, Upkeep) = (new(source), new(source, options, _readers), new(source, options), new(source));
        _loader = new(source, options, _keys);
        _committer = new(source, options, _numbers);
        _seen = Math.Max(_ownership.LatestSeen(), DateTimeOffset.UnixEpoch.UtcTicks);
        _keys.Remember(_queries.FreeKeys(), LastSeen);
        if (options.RunsUpkeep) _timer = time.CreateTimer(_ => _ = RunUpkeepAsync(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public DateTimeOffset LastSeen => new(Volatile.Read(ref _seen), TimeSpan.Zero);

    /// <summary>False while the database cannot be reached; true again by itself.</summary>
    public bool IsWritable => _committer.IsWritable;

    public string? Owner => _options.Owner;

    /// <summary>Keys that this process knows: of the mailboxes that it took, and what it stored itself.</summary>
    public int KeyCount => _keys.Count;

    internal NpgsqlDataSource Source => _source;

    internal NumberBlocks Numbers => _numbers;

    internal Upkeep Upkeep { get; }

    /// <summary>Connects, and makes the schema or brings it up to date.</summary>
    /// <exception cref="StoreException">The database cannot be reached or written, or a newer program made its schema.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The store that is returned owns it.")]
    public static PostgresStore Open(PostgresOptions options, TimeProvider time)
    {
        var source = DataSources.Open(options);
        try
        {
            SchemaMigration.Run(source, options.Schema);
            return new(options, source, time);
        }
        catch (Exception e)
        {
            source.Dispose();
            if (e is not NpgsqlException fault) throw;
            throw new StoreException($"The database cannot be opened: {fault.Message}", fault);
        }
    }

    public ulong NewEpoch() => (ulong)_numbers.Next();

    public ValueTask PrepareAsync(IReadOnlyCollection<MailboxName> names, CancellationToken cancel = default) =>
        new(_loader.PrepareAsync(names, cancel));

    public ValueTask<IReadOnlyCollection<MailboxName>> PrepareUnownedAsync(
        IReadOnlyCollection<MailboxName> names, CancellationToken cancel = default) => new(_loader.PrepareUnownedAsync(names, cancel));

    public StoredMailbox? Load(MailboxName name) => _loader.Load(name);

    public IReadOnlyList<MailboxName> LoadGroup(GroupName group) => _queries.Members(group);

    public ValueTask<IReadOnlyList<GroupName>?> GroupsOfAsync(MailboxName mailbox, CancellationToken cancel = default) =>
        new(PostgresFault.GuardAsync(() => _queries.GroupsOfAsync(mailbox, cancel)));

    public RememberedKey? FindKey(KeyId key, DateTimeOffset now) => _keys.Find(key, now);

    public IReadOnlyList<MailboxName> Names(string? after, int limit) => _queries.Names(after, limit);

    public IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit) => _queries.Overdue(now, limit);

    public ValueTask ReadAsync(MailboxHandle mailbox, ReadOnlyMemory<long> sequences, Message?[] into, CancellationToken cancel = default) =>
        new(_queries.ReadAsync(mailbox, sequences, into, cancel));

    public void Sync() => _committer.Sync();

    public void Commit(CommitBatch batch)
    {
        var plan = new CommitPlan(batch);
        try
        {
            var keys = _committer.Commit(plan);
            plan.Complete();
            Saw(batch.At);
            _keys.Remember(keys, LastSeen);
        }
        catch
        {
            plan.Abandon();
            throw;
        }
        foreach (var mailbox in plan.Mailboxes)
            if (mailbox.Made is not null || mailbox.IsReleased) _loader.Forget(mailbox.Handle.Name);
    }

    public ValueTask<IReadOnlyList<string>> OwnersAsync(CancellationToken cancel = default) =>
        new(PostgresFault.GuardAsync(() => _ownership.OwnersAsync(cancel)));

    public async ValueTask ForgetOwnersAsync(IReadOnlyCollection<string> dead, DateTimeOffset now, CancellationToken cancel = default) =>
        await PostgresFault.GuardAsync(async () =>
        {
            await _ownership.ForgetAsync(dead, now, cancel).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);

    /// <summary>Gives up what it owns and closes its connections.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _timer?.Dispose();
        try
        {
            _ownership.ReleaseAll(Later(_time.GetUtcNow(), LastSeen));
        }
        catch (NpgsqlException e)
        {
            _options.Notice?.Invoke($"The database does not know that {_options.Owner} has ended: {e.Message}");
        }
        _committer.Dispose();
        _source.Dispose();
    }

    static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    void Saw(DateTimeOffset at)
    {
        if (at.UtcTicks > _seen) Volatile.Write(ref _seen, at.UtcTicks);
    }

    /// <summary>A process that stores nothing hears here that the database is away. One probe may have found all connections in use.</summary>
    async Task ProbeAsync()
    {
        var isReachable = await Upkeep.IsReachableAsync().ConfigureAwait(false);
        if (isReachable || _hasMissed) _committer.IsWritable = isReachable;
        _hasMissed = !isReachable;
    }

    async Task RunUpkeepAsync()
    {
        if (Interlocked.Exchange(ref _upkeepRuns, 1) == 1) return;
        try
        {
            await ProbeAsync().ConfigureAwait(false);
            if (++_probes % ProbesBetweenCleanings == 0) await Upkeep.RunAsync(LastSeen).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or ObjectDisposedException)
        {
            if (!_isDisposed) _options.Notice?.Invoke($"Cleaning the database failed: {e.Message}");
        }
        finally
        {
            Volatile.Write(ref _upkeepRuns, 0);
        }
    }
}
