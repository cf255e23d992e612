using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>A store in memory that can be made to fail, and that outlives the engines a test starts on it.</summary>
/// <param name="inner">Null for one that is this engine's alone.</param>
sealed class TestStore(IMailboxStore? inner = null) : IMailboxStore
{
    readonly IMailboxStore _inner = inner ?? new MemoryStore();

    /// <summary>No room but for what may use the reserve.</summary>
    public bool IsFull { get; set; }

    /// <summary>Not even for that.</summary>
    public bool HasNoReserve { get; set; }

    public bool HasFailed { get; set; }

    /// <summary>Called before a batch is committed, on the thread that commits.</summary>
    public Action? Committing { get; set; }

    /// <summary>Called after a batch was committed, before anybody is told.</summary>
    public Action? Committed { get; set; }

    /// <summary>Called before mailboxes are taken, by any thread.</summary>
    public Action? Preparing { get; set; }

    /// <summary>What becomes of the next batch is not told: null for not at all, else whether it is stored.</summary>
    public bool? NextIsUncertain { get; set; }

    /// <summary>Reads wait for it; null for not at all.</summary>
    public Func<Task>? Reading { get; set; }

    public int Commits { get; private set; }

    public int Syncs { get; private set; }

    public Durability LastDurability { get; private set; }

    public DateTimeOffset LastSeen => _inner.LastSeen;

    public bool IsWritable => !HasFailed;

    public bool CommitsAtOnce => _inner.CommitsAtOnce;

    public int KeyCount => _inner.KeyCount;

    public string? Owner => _inner.Owner;

    public ulong NewEpoch() => _inner.NewEpoch();

    public StoredMailbox? Load(MailboxName name) => _inner.Load(name);

    public ValueTask PrepareAsync(IReadOnlyCollection<MailboxName> names, CancellationToken cancel = default)
    {
        Preparing?.Invoke();
        return _inner.PrepareAsync(names, cancel);
    }

    public ValueTask<IReadOnlyCollection<MailboxName>> PrepareUnownedAsync(IReadOnlyCollection<MailboxName> names, CancellationToken cancel = default)
    {
        Preparing?.Invoke();
        return _inner.PrepareUnownedAsync(names, cancel);
    }

    public IReadOnlyList<MailboxName> LoadGroup(GroupName group) => _inner.LoadGroup(group);

    public RememberedKey? FindKey(KeyId key, DateTimeOffset now) => _inner.FindKey(key, now);

    public void Commit(CommitBatch batch)
    {
        Committing?.Invoke();
        if (HasFailed) throw new StoreException("The store was made to fail.");
        if ((IsFull && !batch.MayUseReserve) || HasNoReserve) throw new StoreFullException("The store was made to be full.");
        Commits++;
        LastDurability = batch.Durability;
        if (NextIsUncertain is { } isStored) CommitInDoubt(batch, isStored);
        _inner.Commit(batch);
        Committed?.Invoke();
    }

    void CommitInDoubt(CommitBatch batch, bool isStored)
    {
        NextIsUncertain = null;
        if (isStored) _inner.Commit(batch);
        throw new UncertainStoreException("The answer was made to get lost.");
    }

    public void Sync()
    {
        if (HasFailed) throw new StoreException("The store was made to fail.");
        Syncs++;
    }

    public async ValueTask ReadAsync(
        MailboxHandle mailbox, ReadOnlyMemory<long> sequences, Message?[] into, CancellationToken cancel = default)
    {
        if (Reading is { } reading) await reading().ConfigureAwait(false);
        await _inner.ReadAsync(mailbox, sequences, into, cancel).ConfigureAwait(false);
    }

    public IReadOnlyList<MailboxName> Names(string? after, int limit) => _inner.Names(after, limit);

    public IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit) => _inner.Overdue(now, limit);

    /// <summary>What a store does that opens after its process ended: who was held counts as disconnected now (spec M15).</summary>
    public void Reopen(DateTimeOffset now)
    {
        foreach (var name in _inner.Names(null, int.MaxValue))
        {
            if (_inner.Load(name) is not { Marks.Held: true } held) continue;
            var deadline = Math.Max(held.Marks.Deadline, (now + held.Options.Idle).ToUnixTimeMilliseconds());
            var batch = new CommitBatch { At = now };
            batch.Records.Add(new DeadlineMoved(held.Handle, deadline, false));
            _inner.Commit(batch);
        }
    }

    public void Dispose()
    {
    }
}
