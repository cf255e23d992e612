using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>One engine's view of rows that others use too.</summary>
sealed class SharedStore(SharedRows rows, string owner) : IMailboxStore
{
    readonly Lock _gate = new();
    readonly Dictionary<MailboxName, StoredMailbox?> _prepared = [];

    public string Owner => owner;

    public DateTimeOffset LastSeen => rows.Mailboxes.LastSeen;

    public bool IsWritable => true;

    public int KeyCount => rows.Mailboxes.KeyCount;

    public ulong NewEpoch() => rows.Mailboxes.NewEpoch();

    public ValueTask PrepareAsync(IReadOnlyCollection<MailboxName> names, CancellationToken cancel = default)
    {
        lock (_gate)
            foreach (var name in names) _prepared[name] = rows.Take(name, owner);
        return default;
    }

    public async ValueTask<IReadOnlyCollection<MailboxName>> PrepareUnownedAsync(IReadOnlyCollection<MailboxName> names, CancellationToken cancel = default)
    {
        MailboxName[] left = [.. names.Where(name => (rows.OwnerOf(name) ?? owner) != owner)];
        await PrepareAsync([.. names.Except(left)], cancel);
        return left;
    }

    public StoredMailbox? Load(MailboxName name)
    {
        lock (_gate)
            if (_prepared.Remove(name, out var prepared)) return prepared;
        return rows.Take(name, owner);
    }

    public IReadOnlyList<MailboxName> LoadGroup(GroupName group) => [];

    public RememberedKey? FindKey(KeyId key, DateTimeOffset now) => rows.Mailboxes.FindKey(key, now);

    public void Commit(CommitBatch batch) => rows.Commit(batch, owner);

    public void Sync()
    {
    }

    public ValueTask ReadAsync(MailboxHandle mailbox, ReadOnlyMemory<long> sequences, Message?[] into, CancellationToken cancel = default) =>
        rows.Mailboxes.ReadAsync(mailbox, sequences, into, cancel);

    public IReadOnlyList<MailboxName> Names(string? after, int limit) => rows.Mailboxes.Names(after, limit);

    public IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit) => rows.Overdue(now, limit, owner);

    public void Dispose()
    {
    }
}
