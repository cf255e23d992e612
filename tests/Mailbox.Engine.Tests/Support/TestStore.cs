using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>A log in memory that can be made to fail, and that outlives the engines a test starts on it.</summary>
/// <param name="inner">Null for one that is this engine's alone.</param>
sealed class TestStore(MemoryLog? inner = null) : ILog
{
    // The suite is run with one partition, as a journal has, and with many, as a database has.
    static readonly int s_partitions = int.Parse(Environment.GetEnvironmentVariable("MAILBOX_TEST_PARTITIONS") ?? "1", System.Globalization.CultureInfo.InvariantCulture);

    readonly MemoryLog _inner = inner ?? (s_partitions == 1 ? new MemoryLog { Keeps = Durability.Disk } : new MemoryLog(new(s_partitions)) { Keeps = Durability.Disk, IsShared = false });

    /// <summary>No room but for what may use the reserve.</summary>
    public bool IsFull { get; set; }

    /// <summary>Not even for that.</summary>
    public bool HasNoReserve { get; set; }

    /// <summary>The next commit fails, and with it the log, until it is set back.</summary>
    public bool HasFailed
    {
        get;
        set
        {
            field = value;
            IsWritable = true;
        }
    }

    /// <summary>Called before a batch is committed, on the thread that commits.</summary>
    public Action? Committing { get; set; }

    /// <summary>Called after a batch was committed, before anybody is told.</summary>
    public Action? Committed { get; set; }

    /// <summary>What becomes of the next batch is not told: null for not at all, else whether it is stored.</summary>
    public bool? NextIsUncertain { get; set; }

    /// <summary>While it is in doubt nobody can be asked.</summary>
    public bool CannotSettle { get; set; }

    /// <summary>Reads wait for it; null for not at all.</summary>
    public Func<Task>? Reading { get; set; }

    public int Commits { get; private set; }

    public int Syncs { get; private set; }

    public Durability LastDurability { get; private set; }

    public int Partitions => _inner.Partitions;

    public Durability Keeps => _inner.Keeps;

    public bool CommitsAtOnce => _inner.CommitsAtOnce;

    public bool IsShared => _inner.IsShared;

    public bool IsWritable { get; private set; } = true;

    public bool HasLostPower { get; set; }

    public uint Incarnation => _inner.Incarnation;

    public int ContainerBits => _inner.ContainerBits;

    /// <summary>Names of the mailboxes that are stored.</summary>
    public IReadOnlyList<MailboxName> Names(string? after, int limit)
    {
        var names = new List<MailboxName>();
        for (var partition = 0; partition < Partitions; partition++)
        {
            var replay = new Replay(partition, Incarnation, ContainerBits);
            _inner.ReadAsync(partition, null, replay).AsTask().GetAwaiter().GetResult();
            for (var place = 0; place < replay.State.Tables.Slots.End; place++)
                if (replay.State.Tables.Slots[place] is { } mailbox) names.Add(mailbox.Name);
        }
        return [.. names.OrderBy(static name => name.ToString(), StringComparer.Ordinal)
            .Where(name => after is null || string.CompareOrdinal(name.ToString(), after) > 0).Take(limit)];
    }

    public ValueTask<LogEnd> ReadAsync(int partition, LogEnd? from, ILogReader into, CancellationToken cancel = default) =>
        _inner.ReadAsync(partition, from, into, cancel);

    public ValueTask<IReadOnlyList<LogEnd>> ClaimAsync(IReadOnlyList<int> partitions, string owner, CancellationToken cancel = default) =>
        _inner.ClaimAsync(partitions, owner, cancel);

    public ValueTask<IReadOnlyList<LogOwner>> OwnersAsync(CancellationToken cancel = default) => _inner.OwnersAsync(cancel);

    public ValueTask ReleaseAsync(IReadOnlyList<int> partitions, CancellationToken cancel = default) => _inner.ReleaseAsync(partitions, cancel);

    public ulong NextAddress(int partition) => _inner.NextAddress(partition);

    public void Commit(FrameBatch batch)
    {
        Committing?.Invoke();
        if (HasFailed) throw Failed();
        if (HasNoReserve) throw new StoreFullException("The log was made to be full.");
        Commits++;
        LastDurability = batch.Durability;
        if (NextIsUncertain is { } isStored)
        {
            NextIsUncertain = null;
            if (isStored) _inner.Commit(batch);
            throw new UncertainStoreException("The answer was made to get lost.");
        }
        _inner.Commit(batch);
        Committed?.Invoke();
    }

    public ValueTask SettleAsync(FrameBatch batch, CancellationToken cancel = default)
    {
        if (CannotSettle) throw new StoreException("The log was made to be away.");
        foreach (var frame in batch.Frames)
            if (frame.Outcome == FrameOutcome.Unknown) frame.Outcome = FrameOutcome.Void;
        return default;
    }

    public void Sync()
    {
        if (HasFailed) throw Failed();
        Syncs++;
    }

    StoreException Failed()
    {
        IsWritable = false;
        return new("The log was made to fail.");
    }

    public async ValueTask ReadBodiesAsync(
        int partition, ReadOnlyMemory<BodyRange> ranges, Memory<ReadOnlyMemory<byte>> into, CancellationToken cancel = default)
    {
        if (Reading is { } reading) await reading().ConfigureAwait(false);
        await _inner.ReadBodiesAsync(partition, ranges, into, cancel).ConfigureAwait(false);
    }

    public string Describe(int partition, ulong address) => _inner.Describe(partition, address);

    public ISnapshotWriter BeginSnapshot(int partition) => _inner.BeginSnapshot(partition);

    public ValueTask<IReadOnlyList<ContainerSize>> ContainersAsync(int partition, CancellationToken cancel = default) =>
        _inner.ContainersAsync(partition, cancel);

    public ValueTask FreeAsync(int partition, IReadOnlyCollection<long> containers, CancellationToken cancel = default) =>
        _inner.FreeAsync(partition, containers, cancel);

    public void Dispose()
    {
    }
}
