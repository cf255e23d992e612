namespace Mailbox.Storage.Journal;

/// <summary>Snapshots, compaction and backups, one at a time, on a thread of its own beside the commits.</summary>
sealed class JournalUpkeep(JournalOptions options, JournalLog log, FairLock turn, SnapshotWriter snapshots, Compaction compaction)
{
    readonly object _working = new();
    readonly object _gate = new();
    Thread? _thread;
    bool _isWanted;
    bool _isStopping;
    long _snapshotAt;
    int _coveredSegment;
    int _seenSegment;

    public SnapshotPosition Snapshot { get; private set; }

    /// <param name="snapshot">The one that recovery used.</param>
    public void Start(SnapshotPosition snapshot)
    {
        Snapshot = snapshot;
        _seenSegment = log.Current.Number;
        if (!options.RunsUpkeep) return;
        _thread = new(Loop) { IsBackground = true, Name = "journal upkeep" };
        _thread.Start();
    }

    /// <summary>After every commit: wakes the thread where it may find work.</summary>
    public void Consider()
    {
        if (!IsSnapshotDue && log.Current.Number == Volatile.Read(ref _seenSegment) && !log.IsFull) return;
        Volatile.Write(ref _seenSegment, log.Current.Number);
        lock (_gate)
        {
            _isWanted = true;
            Monitor.Pulse(_gate);
        }
    }

    public void RunOnce()
    {
        lock (_working)
        {
            log.ThrowIfFailed();
            Compact();
            var before = Snapshot.Number;
            if (log.IsFull) CoverAll(); else if (IsSnapshotDue) WriteSnapshot();
            if (Snapshot.Number != before) Compact();
        }
    }

    public void WriteSnapshot()
    {
        lock (_working)
        {
            var before = Snapshot.Number;
            _snapshotAt = log.Appended;
            Snapshot = snapshots.Write(before + 1);
            if (before > 0) snapshots.Delete(before);
        }
    }

    /// <summary>Runs something while no file is removed.</summary>
    public void WhileNothingIsRemoved(Action work)
    {
        lock (_working) work();
    }

    public void Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
        }
        _thread?.Join();
    }

    void Compact()
    {
        while (compaction.Run(Snapshot.Segment) > 0) log.RefillReserve();
        log.RefillReserve();
    }

    /// <summary>On a full disk the newest segment is ended and covered too, unless it is as good as empty: what it holds may be dead.</summary>
    void CoverAll()
    {
        using (turn.Enter())
        {
            if (log.Current.Number == _coveredSegment && log.Current.Length < options.SegmentBytes / 4) return;
            log.Seal();
            _coveredSegment = log.Current.Number;
        }
        WriteSnapshot();
    }

    bool IsSnapshotDue => log.Appended - Volatile.Read(ref _snapshotAt) >= Math.Max(options.SnapshotBytes, Snapshot.Bytes);

    void Loop()
    {
        while (WaitForWork()) RunGuarded();
    }

    bool WaitForWork()
    {
        lock (_gate)
        {
            while (!_isWanted && !_isStopping) Monitor.Wait(_gate);
            _isWanted = false;
            return !_isStopping;
        }
    }

    /// <summary>Whatever fails here, the journal itself is whole and goes on; the log has its own end.</summary>
    void RunGuarded()
    {
        try
        {
            RunOnce();
        }
        catch (Exception e) when (log.IsFull && e is StoreFullException or DiskFullException)
        {
            // The reserve has told that the disk is full, and tells when it is no longer.
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            options.Notice?.Invoke($"Snapshot or compaction failed and is tried again later: {e.Message}");
        }
    }
}
