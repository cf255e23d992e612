using System.Diagnostics.CodeAnalysis;

namespace Mailbox.Storage.Journal;

/// <summary>
/// Mailboxes in a directory: an append-only journal whose messages stay on disk, and an index in memory. Commits block the calling
/// thread until they are as durable as they ask for; everything else may be called from any thread beside them.
/// The format is described in docs/decisions/journal-format.md.
/// </summary>
public sealed class JournalStore : IMailboxStore
{
    const int ReadAttempts = 1000;

    readonly JournalOptions _options;
    readonly DirectoryLock? _lock;
    readonly SegmentSet _segments;
    readonly StoreIndex<Location> _index;
    readonly Reserve _reserve;
    readonly DamageNotices _damage;
    readonly JournalLog _log;
    readonly FairLock _turn = new();
    readonly BatchEncoder _encoder = new();
    readonly BatchEncoder _epochEncoder = new();
    readonly EpochCounter _epochs;
    readonly JournalUpkeep _upkeep;
    readonly JournalBackup _backup;
    bool _isDisposed;

    JournalStore(JournalOptions options, IJournalFiles files, DirectoryLock? directoryLock, RecoveredJournal found, Identity identity)
    {
        (_options, _lock, _segments) = (options, directoryLock, found.Segments);
        _index = new(found.Tables);
        _reserve = new(files, options.ReserveBytes, options.Notice);
        _damage = new(files, options.Notice);
        _log = new(files, identity, _segments, _reserve, options.SegmentBytes);
        _log.Continue(found.Last, found.Snapshot.Segment, found.Tables.LastBatch);
        _epochs = new(identity.Incarnation, found.EpochCeiling, ReserveEpochs);
        var snapshots = new SnapshotWriter(files, options.SnapshotSlice, _index, _log, _turn, _epochs);
        var compaction = new Compaction(files, options, _index, _segments, _log, _turn);
        _upkeep = new(options, _log, _turn, snapshots, compaction);
        _backup = new(files, _segments, _log, _turn, _upkeep);
        _upkeep.Start(found.Snapshot);
        if (identity.Boot != files.Boot) NoteBoot(identity, files.Boot, found.HasLostNumbers);
    }

    public DateTimeOffset LastSeen => _index.LastSeen;

    public bool IsWritable => _log.IsWritable;

    public bool CommitsAtOnce => true;

    public int KeyCount => _index.KeyCount;

    /// <summary>Bytes of the journal's segments on disk.</summary>
    public long SegmentBytes => _segments.Length;

    internal JournalUpkeep Upkeep => _upkeep;

    internal SegmentSet Segments => _segments;

    /// <summary>Opens the journal in a directory, made where it does not exist, and takes the directory for this process.</summary>
    /// <exception cref="JournalDamagedException">Something that was synced cannot be read; nothing was changed.</exception>
    /// <exception cref="StoreException">Another process has it, a newer program wrote it, or it cannot be read or written.</exception>
    public static JournalStore Open(JournalOptions options, TimeProvider time)
    {
        try
        {
            return options.Files is { } files ? Open(options, files, null, time) : OpenDirectory(options, time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The journal in {options.Directory} cannot be opened: {e.Message}", e);
        }
    }

    public ulong NewEpoch() => _epochs.Next();

    public StoredMailbox? Load(MailboxName name) => _index.Load(name);

    public IReadOnlyList<MailboxName> LoadGroup(GroupName group) => _index.LoadGroup(group);

    public RememberedKey? FindKey(KeyId key, DateTimeOffset now) => _index.FindKey(key, now);

    public IReadOnlyList<MailboxName> Names(string? after, int limit) => _index.Names(after, limit);

    public IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit) => _index.Overdue(now, limit);

    public void Sync() => _log.Sync();

    public void Commit(CommitBatch batch)
    {
        try
        {
            using (_turn.Enter()) CommitInTurn(batch);
        }
        finally
        {
            _upkeep.Consider();
        }
    }

    public ValueTask ReadAsync(MailboxHandle mailbox, ReadOnlyMemory<long> sequences, Message?[] into, CancellationToken cancel = default)
    {
        var entries = new MailboxEntry<Location>[sequences.Length];
        var found = new bool[sequences.Length];
        for (var attempt = 1; ; attempt++)
        {
            cancel.ThrowIfCancellationRequested();
            _index.Find(mailbox, sequences.Span, entries, found);
            if (TryFetch(mailbox, entries, found, into, isLast: attempt == ReadAttempts)) return default;
        }
    }

    /// <summary>Copies the journal into a new or empty directory while it is used.</summary>
    /// <exception cref="StoreException">The target is not empty, or cannot be written.</exception>
    public Task BackupAsync(string targetDirectory, CancellationToken cancel = default) =>
        Task.Run(() => Backup(targetDirectory, cancel), cancel);

    /// <summary>Writes a snapshot, so that the next start has nothing to replay, and gives the directory free.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _upkeep.Stop();
        if (IsWritable) CloseCleanly();
        Abandon();
    }

    /// <summary>Lets go of the files as a crash would.</summary>
    internal void Abandon()
    {
        _isDisposed = true;
        _upkeep.Stop();
        _segments.CloseAll();
        _reserve.Close();
        _lock?.Dispose();
    }

    static JournalStore OpenDirectory(JournalOptions options, TimeProvider time)
    {
        // CreateDirectory reports such a path as "already exists", which does not tell what is wrong.
        if (File.Exists(options.Directory)) throw new IOException("it is a file, not a directory.");
        Directory.CreateDirectory(options.Directory);
        var directoryLock = DirectoryLock.Take(options.Directory);
        try
        {
            return Open(options, new DiskFiles(options.Directory), directoryLock, time);
        }
        catch
        {
            directoryLock.Dispose();
            throw;
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The store that is returned owns them.")]
    static JournalStore Open(JournalOptions options, IJournalFiles files, DirectoryLock? directoryLock, TimeProvider time)
    {
        var identity = Identity.Open(files, options.Notice);
        var recovery = new JournalRecovery(files, identity, options.Notice);
        try
        {
            var begun = time.GetTimestamp();
            var found = recovery.Run(time.GetUtcNow());
            options.Notice?.Invoke($"Opened {found.Tables.Slots.Count} mailboxes in {time.GetElapsedTime(begun).TotalSeconds:F1} s.");
            return new(options, files, directoryLock, found, identity);
        }
        catch
        {
            recovery.Close();
            throw;
        }
    }

    /// <summary>The numbers that were lost go first: from the next start on nothing else tells of them.</summary>
    void NoteBoot(Identity identity, ulong boot, bool hasLostNumbers)
    {
        try
        {
            if (hasLostNumbers) _upkeep.WriteSnapshot();
            identity.Booted(boot);
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            _options.Notice?.Invoke($"The next start will take what is not synced until then as lost: {e.Message}");
        }
    }

    void CommitInTurn(CommitBatch batch)
    {
        _log.ThrowIfFailed();
        _index.Admit(batch);
        try
        {
            _index.Apply(batch, Write(batch), _log.LastBatch);
        }
        catch
        {
            _index.Abandon();
            throw;
        }
    }

    Location[] Write(CommitBatch batch)
    {
        _encoder.Encode(batch);
        if (_encoder.IsEmpty) return _encoder.Locate(0, 0);
        var offset = _log.Append(_encoder.Frame, batch.At, batch.MayUseReserve);
        var segment = _log.Current.Number;
        if (batch.Durability == Durability.Disk) _log.Sync();
        return _encoder.Locate(segment, offset);
    }

    /// <summary>Synced, whatever the durability of what comes next: a counter must not come back after a loss of power.</summary>
    void ReserveEpochs(ulong through)
    {
        using (_turn.Enter())
        {
            _epochEncoder.Begin();
            _epochEncoder.EpochsReserved(through);
            _log.Append(_epochEncoder.Frame, _index.LastSeen, mayUseReserve: true);
            _log.Sync();
            _index.Locked(tables => tables.LastBatch = _log.LastBatch);
        }
    }

    bool TryFetch(MailboxHandle mailbox, MailboxEntry<Location>[] entries, bool[] found, Message?[] into, bool isLast)
    {
        try
        {
            MessageFetch.Read(_segments, entries, found, into);
            return true;
        }
        catch (ObjectDisposedException) when (!isLast && !_isDisposed)
        {
            return false;
        }
        catch (JournalDamagedException e)
        {
            _damage.Tell(mailbox, entries, e);
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new StoreException($"A message cannot be read: {e.Message}", e);
        }
    }

    void Backup(string targetDirectory, CancellationToken cancel)
    {
        try
        {
            _backup.Write(targetDirectory, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The backup to {targetDirectory} failed: {e.Message}", e);
        }
    }

    void CloseCleanly()
    {
        try
        {
            _log.Sync();
            _upkeep.WriteSnapshot();
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            _options.Notice?.Invoke($"The journal was closed without a snapshot: {e.Message}");
        }
    }
}
