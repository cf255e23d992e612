using System.Security.Cryptography;

namespace Mailbox.Storage;

/// <summary>Mailboxes in the memory of this process, for tests and for whoever needs no durability. Safe from any thread.</summary>
public sealed class MemoryStore : IMailboxStore
{
    const int CounterBits = 40;

    readonly StoreIndex<Message> _index = new(new());
    readonly List<Message> _bodies = [];
    long _lastEpoch = (long)RandomNumberGenerator.GetInt32(1, 1 << 23) << CounterBits;

    /// <summary>Nothing survives the process. A test that lets this store stand in for a durable one sets a stronger level.</summary>
    public Durability Keeps { get; init; } = Durability.Memory;

    public DateTimeOffset LastSeen => _index.LastSeen;

    public bool IsWritable => true;

    public bool CommitsAtOnce => true;

    public int KeyCount => _index.KeyCount;

    public ulong NewEpoch() => (ulong)Interlocked.Increment(ref _lastEpoch);

    public StoredMailbox? Load(MailboxName name) => _index.Load(name);

    public IReadOnlyList<MailboxName> LoadGroup(GroupName group) => _index.LoadGroup(group);

    public RememberedKey? FindKey(KeyId key, DateTimeOffset now) => _index.FindKey(key, now);

    public IReadOnlyList<MailboxName> Names(string? after, int limit) => _index.Names(after, limit);

    public IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit) => _index.Overdue(now, limit);

    public void Commit(CommitBatch batch)
    {
        _index.Admit(batch);
        _bodies.Clear();
        foreach (var record in batch.Records)
            if (record is MessageAppended appended) _bodies.Add(appended.Message);
        _index.Apply(batch, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_bodies));
        _bodies.Clear();
    }

    public void Sync()
    {
    }

    public ValueTask ReadAsync(MailboxHandle mailbox, ReadOnlyMemory<long> sequences, Message?[] into, CancellationToken cancel = default)
    {
        var entries = new MailboxEntry<Message>[sequences.Length];
        Span<bool> found = new bool[sequences.Length];
        _index.Find(mailbox, sequences.Span, entries, found);
        for (var i = 0; i < entries.Length; i++) into[i] = found[i] ? entries[i].Body : null;
        return default;
    }

    public void Dispose()
    {
    }
}
