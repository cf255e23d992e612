namespace Mailbox.Storage;

/// <summary>
/// Station 3: where mailboxes are kept. The engine owns this seam; every store passes the same contract suite. One thread at a time calls
/// <see cref="Commit"/>; everything else may be called from any thread beside it and sees only committed state. A store that opens
/// after its process ended takes every mailbox stored as held for disconnected at that moment: no longer held, with a deadline of its
/// idle time from then where that is later (spec M15).
/// </summary>
public interface IMailboxStore : IDisposable
{
    /// <summary>The latest time the store has seen, so that a clock that stepped back over a restart removes nothing early (spec M15).</summary>
    DateTimeOffset LastSeen { get; }

    /// <summary>The strongest level that the store can keep; a delivery that asks for more is refused (spec M5).</summary>
    Durability Keeps => Durability.Disk;

    /// <summary>False once a write or a sync has failed; a full disk is not that.</summary>
    bool IsWritable { get; }

    /// <summary>An epoch that no mailbox of this store ever had, nor any of a copy that was restored from a backup (spec M4).</summary>
    ulong NewEpoch();

    /// <summary>Loads a mailbox and fences off whoever loaded it before. Null where it does not exist.</summary>
    StoredMailbox? Load(MailboxName name);

    /// <summary>Who this store is among those that share its database; null where it is the only one.</summary>
    string? Owner => null;

    /// <summary>
    /// Takes mailboxes, in any number at once, so that <see cref="Load"/> of each need not wait: for stores that several engines share.
    /// </summary>
    /// <exception cref="StoreException">The store cannot be reached.</exception>
    ValueTask PrepareAsync(IReadOnlyCollection<MailboxName> names, CancellationToken cancel = default) => default;

    /// <summary>As <see cref="PrepareAsync"/>, but leaves those that another owner has: nobody is fenced off.</summary>
    /// <returns>Those that were left.</returns>
    /// <exception cref="StoreException">The store cannot be reached.</exception>
    ValueTask<IReadOnlyCollection<MailboxName>> PrepareUnownedAsync(
        IReadOnlyCollection<MailboxName> names, CancellationToken cancel = default) => new([]);

    /// <summary>The members of a group, by ordinal name; empty where it does not exist.</summary>
    IReadOnlyList<MailboxName> LoadGroup(GroupName group);

    /// <summary>The groups of a mailbox now, in ordinal order, where others change them beside the engine; null where only the engine does.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    ValueTask<IReadOnlyList<GroupName>?> GroupsOfAsync(MailboxName mailbox, CancellationToken cancel = default) => default;

    RememberedKey? FindKey(KeyId key, DateTimeOffset now);

    /// <summary>Idempotency keys remembered.</summary>
    int KeyCount { get; }

    /// <summary>Stores a batch, in order. Returns when it is as durable as it asks for; blocks meanwhile.</summary>
    /// <exception cref="StoreFullException">Nothing was stored; go on with something else.</exception>
    /// <exception cref="UncertainStoreException">It is unknown whether the batch is stored; the store may come back.</exception>
    /// <exception cref="StoreException">The store failed for good.</exception>
    void Commit(CommitBatch batch);

    /// <summary>A commit that need not be synced takes microseconds, so that any thread may wait for it.</summary>
    bool CommitsAtOnce => false;

    /// <summary>Makes everything committed survive power loss.</summary>
    /// <exception cref="StoreException">The store failed for good.</exception>
    void Sync();

    /// <summary>Reads messages of a mailbox.</summary>
    /// <param name="sequences">Rising.</param>
    /// <param name="into">One for each number; null where it is no longer kept.</param>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    ValueTask ReadAsync(MailboxHandle mailbox, ReadOnlyMemory<long> sequences, Message?[] into, CancellationToken cancel = default);

    /// <summary>Names of mailboxes in ordinal order.</summary>
    IReadOnlyList<MailboxName> Names(string? after, int limit);

    /// <summary>Mailboxes whose stored deadline has passed and that are not stored as held, at most so many; none that another owner has.</summary>
    IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit);
}
