namespace Mailbox.Storage.Journal;

/// <summary>
/// Reads the newest snapshot and replays what was written since. A tail that a crash has torn is cut; damage anywhere else is refused.
/// </summary>
sealed class JournalRecovery
{
    readonly IJournalFiles _files;
    readonly Action<string>? _notice;
    readonly SegmentSet _segments = new();
    readonly MailboxTables<Location> _tables;
    readonly BatchReplay _replay;
    readonly Identity _identity;
    SnapshotPosition _snapshot = SnapshotPosition.None;
    Segment? _last;
    bool _hasLostPower;
    bool _hasLostNumbers;

    public JournalRecovery(IJournalFiles files, Identity identity, Action<string>? notice)
    {
        (_files, _identity, _notice) = (files, identity, notice);
        _tables = new(_segments);
        _replay = new(_tables, identity.Incarnation);
    }

    /// <param name="start">The time of this start: connections that held a mailbox ended no later (spec M15).</param>
    public RecoveredJournal Run(DateTimeOffset start)
    {
        var names = _files.Names();
        foreach (var name in names)
            if (name.EndsWith(FileNames.Unfinished, StringComparison.Ordinal)) _files.Delete(name);
        OpenSegments(FileNames.Segments(names));
        ReadSnapshot(FileNames.Snapshots(names));
        ReplaySegments();
        _hasLostPower = _identity.Boot == 0 || _identity.Boot != _files.Boot;
        Settle(start > _tables.LastSeen ? start : _tables.LastSeen);
        return new(_tables, _segments, _last, _snapshot, _replay.EpochCeiling, _hasLostNumbers);
    }

    public void Close() => _segments.CloseAll();

    void OpenSegments(int[] numbers)
    {
        foreach (var number in numbers)
        {
            var file = _files.Open(FileNames.Segment(number));
            var segment = OpenSegment(number, file, isLast: number == numbers[^1]);
            if (segment is null) continue;
            _segments.Add(segment);
            _last = segment;
        }
        var newest = _identity.NewestSegment;
        if (newest > 0 && _segments.Find(newest) is null) throw Damaged(FileNames.Segment(newest), 0, "it is missing");
    }

    Segment? OpenSegment(int number, IJournalFile file, bool isLast)
    {
        var name = FileNames.Segment(number);
        var length = file.Length;
        var header = FileHeader.Read(file, FileHeader.Segment, _files.PathOf(name));
        if (header is not null) return new(number, header.Value.Salt, file) { Length = length, Synced = length };
        // Nothing follows a header before it is synced.
        file.Dispose();
        if (!isLast || number <= _identity.NewestSegment || length > FileHeader.Size) throw Damaged(name, 0, "its header is not valid");
        _files.Delete(name);
        _files.SyncDirectory();
        _notice?.Invoke($"Removed {_files.PathOf(name)}, which a crash kept from being made.");
        return null;
    }

    void ReadSnapshot(int[] numbers)
    {
        if (numbers.Length == 0) return;
        _snapshot = new SnapshotReader(_files, _tables, _replay, _identity.Incarnation).Read(numbers[^1]);
        foreach (var older in numbers[..^1]) _files.Delete(FileNames.Snapshot(older));
        _tables.LastBatch = _snapshot.Batch;
    }

    void ReplaySegments()
    {
        if (_last is null && _snapshot.Number == 0) return;
        var last = _last?.Number ?? 0;
        for (var number = _snapshot.Segment; number <= Math.Max(last, _snapshot.Segment); number++)
        {
            var segment = _segments.Find(number) ?? throw Missing(number);
            Replay(segment, number == _snapshot.Segment ? _snapshot.Offset : FileHeader.Size);
        }
        if (_tables.LastBatch < _snapshot.Through) throw TooShort(_last!);
        _last!.File.Sync();
    }

    void Replay(Segment segment, long from)
    {
        var scanner = new SegmentScanner(segment, from);
        if (from > segment.Length) throw TooShort(segment);
        while (scanner.Peek() is { } frame)
        {
            Replay(segment, scanner, frame);
            scanner.Pass(frame);
        }
        if (!scanner.IsAtEnd) Cut(segment, scanner);
    }

    void Replay(Segment segment, SegmentScanner scanner, BatchFrame frame)
    {
        if (frame.Number != _tables.LastBatch + 1)
            throw Damaged(segment.Name, scanner.Offset, $"batch {frame.Number} follows batch {_tables.LastBatch}");
        try
        {
            _replay.Apply(segment.Number, scanner.Offset + BatchFrame.HeaderSize, frame, scanner.RecordsOf(frame));
            _tables.LastBatch = frame.Number;
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException)
        {
            throw Damaged(segment.Name, scanner.Offset, e.Message);
        }
    }

    /// <summary>Cuts a torn tail, or refuses what is none: a later segment, snapshot or batch says that the bytes were synced.</summary>
    void Cut(Segment segment, SegmentScanner scanner)
    {
        var offset = scanner.Offset;
        if (segment != _last || _tables.LastBatch < _snapshot.Through || scanner.WasSyncedHere())
            throw Damaged(segment.Name, offset, "a batch that was synced is not valid");
        // A process that was killed may leave this too, but so may a disk that went away.
        if (_identity.Boot != 0) _identity.Booted(0);
        _notice?.Invoke($"Cut a torn tail of {segment.Length - offset} bytes at {_files.PathOf(segment.Name)}:{offset}.");
        segment.File.SetLength(offset);
        segment.Length = segment.Synced = offset;
    }

    void Settle(DateTimeOffset start)
    {
        for (var place = 0; place < _tables.Slots.End; place++)
            if (_tables.Slots[place] is { } slot) Settle(slot, start);
    }

    void Settle(Slot<Location> slot, DateTimeOffset start)
    {
        _hasLostNumbers |= _hasLostPower && slot.State.Marks.Unsynced > slot.State.Marks.Tail;
        _tables.Recover(slot, _hasLostPower);
        if (slot.State.Marks.Held) _tables.MoveDeadline(slot, (start + slot.State.Options.Idle).ToUnixTimeMilliseconds(), held: false);
        foreach (ref readonly var entry in slot.State.Entries) Verify(slot, entry);
    }

    void Verify(Slot<Location> slot, in MailboxEntry<Location> entry)
    {
        var place = entry.Body;
        if (_segments.Find(place.Segment) is { } segment && place.Offset < segment.Length) return;
        throw Damaged(FileNames.Segment(place.Segment), place.Offset, $"message {entry.Sequence} of {slot.Name} is missing");
    }

    JournalDamagedException Missing(int number) => Damaged(
        FileNames.Segment(number), 0, _snapshot.Number == 0 ? "it is missing, and there is no snapshot to begin with" : "it is missing");

    JournalDamagedException TooShort(Segment segment) =>
        Damaged(segment.Name, segment.Length, "it ends before the snapshot that was made of it");

    JournalDamagedException Damaged(string name, long offset, string what) => new(_files.PathOf(name), offset, what);
}
