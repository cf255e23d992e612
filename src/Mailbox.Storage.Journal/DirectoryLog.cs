using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Mailbox.Storage.Journal;

/// <summary>
/// The log of one partition in a directory: frames in segments, the newest snapshot, and no index. The format is described in
/// docs/decisions/journal-format.md. A write or sync that fails ends it for good: what the kernel still has of a file after a failed sync is
/// not what is on the disk (https://lwn.net/Articles/752063/), so nothing is tried again. Reads go on.
/// </summary>
sealed class DirectoryLog : ILog
{
    const long Claim = 1;
    const int MaxGap = 4096;
    const int MaxWindow = 256 << 10;

    static readonly byte[] s_zeroes = new byte[1 << 20];

    readonly JournalOptions _options;
    readonly IJournalFiles _files;
    readonly DirectoryLock? _lock;
    readonly Identity _identity;
    readonly Reserve _reserve;
    readonly ConcurrentDictionary<int, Segment> _segments = [];
    readonly ByteWriter _frame = new();
    readonly int _zeroesAhead;
    readonly object _syncing = new();
    // While it is held no file is removed.
    readonly object _removing = new();
    LogSnapshot _snapshot = LogSnapshot.None;
    Segment? _current;
    Exception? _failure;
    string? _owner;
    long _last;
    int _sealed;
    bool _isDisposed;

    DirectoryLog(JournalOptions options, IJournalFiles files, DirectoryLock? directoryLock)
    {
        (_options, _files, _lock) = (options, files, directoryLock);
        _identity = Identity.Open(files, options.Notice);
        _reserve = new(files, options.ReserveBytes, options.Notice);
        _zeroesAhead = Math.Min(s_zeroes.Length, options.SegmentBytes);
    }

    public int Partitions => 1;

    public Durability Keeps => Durability.Disk;

    public bool CommitsAtOnce => true;

    public bool IsShared => false;

    public bool IsWritable => Volatile.Read(ref _failure) is null;

    public Action<string>? Notice => _options.Notice;

    public uint Incarnation => _identity.Incarnation;

    public int ContainerBits => Segment.OffsetBits;

    /// <summary>What was not synced before the last start may be lost. Known once the log was read.</summary>
    public bool HasLostPower { get; private set; }

    /// <summary>
    /// There is no room for what comes next, or the reserve is in use: it is time to snapshot, compact and free. To ask is to look whether there is
    /// room again.
    /// </summary>
    public bool IsFull
    {
        get
        {
            try
            {
                return _reserve.IsFull && !_reserve.TryTake(more: _zeroesAhead);
            }
            catch (Exception e) when (IsFault(e))
            {
                return true;
            }
        }
    }

    /// <summary>Zeroes that a frame leaves behind it: the next one, unless it is large, has its room already.</summary>
    int ZeroesKept => _zeroesAhead / 4;

    Segment Current => Volatile.Read(ref _current) ?? throw new InvalidOperationException("The log was not read yet.");

    /// <summary>Opens the log in a directory, made where it does not exist, and takes the directory for this process. It must be read next.</summary>
    /// <exception cref="JournalDamagedException">Something that was synced cannot be read; nothing was changed.</exception>
    /// <exception cref="StoreException">Another process has it, another version wrote it, or it cannot be read or written.</exception>
    public static DirectoryLog Open(JournalOptions options)
    {
        try
        {
            if (options.Files is { } files) return Open(options, files, null);
            // CreateDirectory reports such a path as "already exists", which does not tell what is wrong.
            if (File.Exists(options.Directory)) throw new IOException("it is a file, not a directory.");
            Directory.CreateDirectory(options.Directory);
            return Open(options, new DiskFiles(options.Directory), DirectoryLock.Take(options.Directory));
        }
        catch (Exception e) when (IsFault(e))
        {
            throw new StoreException($"The journal in {options.Directory} cannot be opened: {e.Message}", e);
        }
    }

    public static bool IsFault(Exception e) => e is IOException or UnauthorizedAccessException;

    public ValueTask<LogEnd> ReadAsync(int partition, LogEnd? from, ILogReader into, CancellationToken cancel = default)
    {
        try
        {
            lock (_removing) return new(_current is null ? ReadFirst(into) : ReadAgain(from?.Sequence, into));
        }
        catch (Exception e) when (IsFault(e))
        {
            throw new StoreException($"The journal in {_options.Directory} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The directory is this process's already, and no other can write to it.</summary>
    public ValueTask<IReadOnlyList<LogEnd>> ClaimAsync(IReadOnlyList<int> partitions, string owner, CancellationToken cancel = default)
    {
        _owner = owner;
        return new([EndAt(Interlocked.Read(ref _last))]);
    }

    public ValueTask<IReadOnlyList<LogOwner>> OwnersAsync(CancellationToken cancel = default) =>
        new([new LogOwner(0, _owner, _owner is null ? 0 : Claim)]);

    public ValueTask ReleaseAsync(IReadOnlyList<int> partitions, CancellationToken cancel = default)
    {
        _owner = null;
        return default;
    }

    /// <summary>A snapshot has stored the numbers that a loss of power took, or there were none: until the kernel starts again nothing more is lost.</summary>
    public void NoteLossStored()
    {
        try
        {
            if (_identity.Boot != _files.Boot) _identity.Booted(_files.Boot);
        }
        catch (Exception e) when (IsFault(e))
        {
            _options.Notice?.Invoke($"The next start will take what is not synced until then as lost: {e.Message}");
        }
    }

    public ulong NextAddress(int partition)
    {
        var current = Current;
        return current.AddressOf(current.Length);
    }

    public void Commit(FrameBatch batch)
    {
        if (batch.Frames.Count == 0) return;
        if (batch.Frames.Count > 1 || batch.Frames[0].Partition != 0) throw new ArgumentException("A directory has one partition.", nameof(batch));
        var frame = batch.Frames[0];
        var bytes = FrameHeader.Size + (long)frame.Bodies.Length + frame.Records.Length;
        if (bytes > FrameHeader.MaxFrame) throw new ArgumentException($"A frame of {bytes} bytes is too large.", nameof(batch));
        ThrowIfFailed();
        if (!batch.MayUseReserve && IsFull) throw Full(null);
        try
        {
            Append(frame, batch.At, batch.MayUseReserve);
        }
        catch (DiskFullException e)
        {
            throw Full(e);
        }
        catch (Exception e) when (IsFault(e))
        {
            throw Fail(e);
        }
        if (batch.Durability == Durability.Disk) Sync();
        (frame.Outcome, frame.Sequence) = (FrameOutcome.Stored, _last);
        BeginNextIfLong(batch.MayUseReserve);
    }

    /// <summary>No commit is ever in doubt.</summary>
    public ValueTask SettleAsync(FrameBatch batch, CancellationToken cancel = default) => default;

    public void Sync()
    {
        // One at a time: the kernel tells of an error only once, and nobody may take the sync after it for a success.
        lock (_syncing)
        {
            ThrowIfFailed();
            var segment = Current;
            var length = segment.Length;
            if (segment.Synced >= length) return;
            try
            {
                segment.File.Sync();
            }
            catch (Exception e) when (IsFault(e))
            {
                throw Fail(e);
            }
            segment.Synced = length;
        }
    }

    public ValueTask ReadBodiesAsync(
        int partition, ReadOnlyMemory<BodyRange> ranges, Memory<ReadOnlyMemory<byte>> into, CancellationToken cancel = default)
    {
        for (var i = 0; i < ranges.Length;)
        {
            cancel.ThrowIfCancellationRequested();
            var neighbours = Neighbours(ranges.Span[i..]);
            ReadWindow(neighbours, into.Span.Slice(i, neighbours.Length));
            i += neighbours.Length;
        }
        return default;
    }

    public ISnapshotWriter BeginSnapshot(int partition)
    {
        ThrowIfFailed();
        if (IsFull) Seal();
        var current = Current;
        return new LogSnapshotWriter(_files, this, new(Volatile.Read(ref _snapshot).Number + 1, _last, current.Number, current.Length, 0));
    }

    public ValueTask<IReadOnlyList<ContainerSize>> ContainersAsync(int partition, CancellationToken cancel = default) =>
        new([.. InOrder().Select(static one => new ContainerSize(one.Segment.Number, one.Length - FileHeader.Size))]);

    public ValueTask FreeAsync(int partition, IReadOnlyCollection<long> containers, CancellationToken cancel = default)
    {
        // An acknowledgement that a loss of power takes back must not find its messages deleted.
        Sync();
        try
        {
            lock (_removing)
            {
                foreach (var (segment, _) in InOrder().Where(one => one.Segment.Number < _snapshot.Segment && containers.Contains(one.Segment.Number)))
                {
                    _segments.TryRemove(segment.Number, out _);
                    segment.File.Dispose();
                    _files.Delete(segment.Name);
                }
            }
            if (_reserve.IsFull) _reserve.TryTake(more: _zeroesAhead);
        }
        catch (Exception e) when (IsFault(e))
        {
            throw new StoreException($"A segment cannot be removed: {e.Message}", e);
        }
        return default;
    }

    /// <summary>Copies the log into a new or empty directory while it is used: a mark in the copy says that it is one.</summary>
    /// <exception cref="StoreException">The target is not empty, or cannot be written.</exception>
    public Task BackupAsync(string targetDirectory, CancellationToken cancel = default) => Task.Run(
        () => DirectoryBackup.Write(targetDirectory, to =>
        {
            lock (_removing)
            {
                Sync();
                DirectoryBackup.Copy(_files, InOrder(), _snapshot.Number, to, cancel);
            }
        }),
        cancel);

    /// <summary>Sees to it that every message's segment is there. Bodies are looked at when they are read.</summary>
    /// <exception cref="JournalDamagedException">A message is missing.</exception>
    public void Verify(PartitionState state)
    {
        for (var place = 0; place < state.Tables.Slots.End; place++)
        {
            if (state.Tables.Slots[place] is not { } mailbox) continue;
            foreach (ref readonly var entry in mailbox.State.Entries)
            {
                var (number, offset) = Split(entry.Body.Address);
                if (!_segments.TryGetValue(number, out var segment) || offset >= segment.Length)
                    throw new JournalDamagedException(_files.PathOf(FileNames.Segment(number)), offset, $"message {entry.Sequence} of {mailbox.Name} is missing");
            }
        }
    }

    /// <summary>File and offset of a body, for operators.</summary>
    public string Describe(int partition, ulong address)
    {
        var (number, offset) = Split(address);
        return $"{_files.PathOf(FileNames.Segment(number))} at offset {offset}";
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        try
        {
            if (_current is not null && IsWritable) Sync();
        }
        catch (StoreException e)
        {
            _options.Notice?.Invoke(e.Message);
        }
        Abandon();
    }

    /// <summary>Lets go of the files as a crash would.</summary>
    internal void Abandon()
    {
        _isDisposed = true;
        foreach (var segment in _segments.Values) segment.File.Dispose();
        _reserve.Close();
        _lock?.Dispose();
    }

    /// <summary>Runs what makes room in the end; on a full disk the reserve is given up for it, once.</summary>
    internal void WithReserve(Action write)
    {
        try
        {
            write();
        }
        catch (DiskFullException) when (_reserve.GiveUp())
        {
            write();
        }
    }

    /// <summary>A snapshot has its name, and the one before is not needed any more.</summary>
    internal void Completed(LogSnapshot snapshot)
    {
        lock (_removing)
        {
            var before = _snapshot.Number;
            Volatile.Write(ref _snapshot, snapshot);
            if (before > 0) _files.Delete(FileNames.Snapshot(before));
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The log that is returned owns them.")]
    static DirectoryLog Open(JournalOptions options, IJournalFiles files, DirectoryLock? directoryLock)
    {
        DirectoryLog? log = null;
        try
        {
            log = new(options, files, directoryLock);
            log.OpenSegments();
            return log;
        }
        catch
        {
            log?.Abandon();
            directoryLock?.Dispose();
            throw;
        }
    }

    void OpenSegments()
    {
        var names = _files.Names();
        foreach (var name in names)
            if (name.EndsWith(FileNames.Unfinished, StringComparison.Ordinal)) _files.Delete(name);
        foreach (var number in FileNames.Segments(names))
        {
            var file = _files.Open(FileNames.Segment(number));
            var length = file.Length;
            _segments[number] = new(number, 0, file);
            // A segment gets its name when its header is synced.
            var header = FileHeader.Read(file, FileHeader.Segment, _files.PathOf(FileNames.Segment(number))) ?? throw Damaged(number, "its header is not valid");
            _segments[number] = new(number, header.Salt, file) { Length = length, Synced = length, Zeroed = length };
        }
        if (_identity.NewestSegment > 0 && !_segments.ContainsKey(_identity.NewestSegment)) throw Damaged(_identity.NewestSegment, "it is missing");
    }

    /// <summary>Reads all, and finds the end, from which the log goes on.</summary>
    LogEnd ReadFirst(ILogReader into)
    {
        into.Begin();
        var snapshots = FileNames.Snapshots(_files.Names());
        var snapshot = snapshots.Length == 0 ? LogSnapshot.None : LogSnapshot.Read(_files, snapshots[^1], into);
        var segments = InOrder().ConvertAll(static one => (one.Segment, one.Segment.File.Length));
        var reading = new LogReading(_files, snapshot, segments, into);
        reading.Run(after: snapshot.Begin, isFirst: true);
        // The process before this one may have ended between a rename and its sync.
        _files.SyncDirectory();
        foreach (var older in snapshots.SkipLast(1)) _files.Delete(FileNames.Snapshot(older));
        (_snapshot, _last) = (snapshot, reading.Last);
        if (segments.Count == 0) WithReserve(() => Begin(1)); else GoOn(segments[^1].Segment, reading);
        HasLostPower = _identity.Boot == 0 || _identity.Boot != _files.Boot;
        _reserve.TryTake();
        WriteZeroes(Current, frameBytes: 0);
        BeginNextIfLong(mayUseReserve: false);
        return EndAt(reading.Last);
    }

    void GoOn(Segment last, LogReading reading)
    {
        var length = last.File.Length;
        if (reading.IsTorn)
        {
            // A process that was killed may leave this too, but so may a disk that went away.
            if (_identity.Boot != 0) _identity.Booted(0);
            _options.Notice?.Invoke($"Cut a torn tail of {length - reading.End} bytes at {_files.PathOf(last.Name)}:{reading.End}.");
            last.File.SetLength(reading.End);
        }
        last.File.Sync();
        (last.Length, last.Synced, last.Zeroed) = (reading.End, reading.End, last.File.Length);
        if (last.Number > _identity.NewestSegment) _identity.Began(last.Number);
        _current = last;
    }

    LogEnd ReadAgain(long? after, ILogReader into)
    {
        var segments = InOrder();
        if (after is null || after < _snapshot.Begin)
        {
            into.Begin();
            if (_snapshot.Number > 0) LogSnapshot.Read(_files, _snapshot.Number, into);
            after = _snapshot.Begin;
        }
        var reading = new LogReading(_files, _snapshot, segments, into);
        reading.Run(after.Value, isFirst: false);
        return EndAt(reading.Last);
    }

    static LogEnd EndAt(long sequence) => new(0, sequence, sequence == 0 ? 0 : Claim);

    /// <summary>The segments with their lengths at one moment; the newest is looked at first, so that the others have all their frames.</summary>
    List<(Segment Segment, long Length)> InOrder()
    {
        var newest = Volatile.Read(ref _current) ?? _segments.Values.MaxBy(static segment => segment.Number);
        if (newest is null) return [];
        var length = newest.Length;
        return [.. _segments.Values
            .Where(segment => segment.Number <= newest.Number)
            .OrderBy(static segment => segment.Number)
            .Select(segment => (segment, segment == newest ? length : segment.Length))];
    }

    void Append(Frame frame, DateTimeOffset at, bool mayUseReserve)
    {
        try
        {
            Append(frame, at);
        }
        catch (DiskFullException) when (mayUseReserve && _reserve.GiveUp())
        {
            Append(frame, at);
        }
    }

    void Append(Frame frame, DateTimeOffset at)
    {
        var segment = Current;
        var offset = segment.Length;
        var header = new FrameHeader(frame.Records.Length, frame.Bodies.Length, _last + 1, at, segment.Synced);
        var end = offset + header.FrameBytes;
        if (end > 1L << Segment.OffsetBits) throw new DiskFullException($"There is no room for the segment after {segment.Name}.");
        _frame.Clear();
        _frame.Skip(FrameHeader.Size);
        _frame.Bytes(frame.Bodies.Written);
        _frame.Bytes(frame.Records.Written);
        header.Seal(_frame.Written, segment.Salt);
        // First what has no zeroes to overwrite: where there is no room for it, they stay as they are.
        var zeroed = (int)Math.Min(segment.Zeroed - offset, header.FrameBytes);
        WriteOrCut(segment, _frame.Written[zeroed..], offset + zeroed);
        WriteOrCut(segment, _frame.Written[..zeroed], offset);
        segment.Zeroed = Math.Max(segment.Zeroed, end);
        segment.Length = end;
        Interlocked.Exchange(ref _last, header.Sequence);
        WriteZeroes(segment, header.FrameBytes);
    }

    static void WriteOrCut(Segment segment, ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty) return;
        try
        {
            segment.File.Write(bytes, offset);
        }
        catch (DiskFullException)
        {
            segment.File.SetLength(offset);
            segment.Zeroed = offset;
            throw;
        }
    }

    /// <summary>
    /// Sees to it that zeroes follow the last frame, for the next ones to overwrite: the sync of a frame that makes the file longer takes nearly twice
    /// as long, and a full disk is found here, before a frame is planned for which there is no room. A large frame gains nothing by it.
    /// </summary>
    void WriteZeroes(Segment segment, int frameBytes)
    {
        var from = segment.Zeroed;
        if (from - segment.Length >= ZeroesKept || frameBytes > ZeroesKept || _reserve.IsFull) return;
        var count = (int)Math.Min(_zeroesAhead, _options.SegmentBytes + ZeroesKept - from);
        if (count <= 0) return;
        try
        {
            WriteOrCut(segment, s_zeroes.AsSpan(0, count), from);
            segment.Zeroed = from + count;
        }
        catch (DiskFullException)
        {
            _reserve.NoteFull();
        }
    }

    /// <summary>The next segment begins before the address of its first frame is asked for. Where there is no room for it, the last goes on.</summary>
    void BeginNextIfLong(bool mayUseReserve)
    {
        if (Current.Length < _options.SegmentBytes) return;
        try
        {
            if (mayUseReserve) WithReserve(() => Begin(Current.Number + 1)); else Begin(Current.Number + 1);
        }
        catch (DiskFullException)
        {
            _reserve.NoteFull();
        }
        catch (Exception e) when (IsFault(e) || e is StoreException)
        {
            // What was committed is stored; the next commit is refused.
            if (IsWritable) Fail(e);
        }
    }

    /// <summary>
    /// On a full disk the newest segment is ended, so that a snapshot covers it too and it can be freed: what it holds may be dead. Not where it
    /// was begun so and is as good as empty.
    /// </summary>
    void Seal()
    {
        var current = Current;
        if (current.Length == FileHeader.Size || (current.Number == _sealed && current.Length < _options.SegmentBytes / 4)) return;
        try
        {
            WithReserve(() => Begin(current.Number + 1));
            _sealed = Current.Number;
        }
        catch (DiskFullException e)
        {
            throw Full(e);
        }
        catch (Exception e) when (IsFault(e))
        {
            throw Fail(e);
        }
    }

    /// <summary>
    /// Makes a segment, and ends the last one, which keeps no zeroes. It gets its name when its header is synced, and frames when the identity knows
    /// of it: a header that is damaged later, or a segment that has vanished, is no torn write.
    /// </summary>
    void Begin(int number)
    {
        var salt = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
        var (name, unfinished) = (FileNames.Segment(number), FileNames.Segment(number) + FileNames.Unfinished);
        var zeroes = _reserve.IsFull ? 0 : _zeroesAhead;
        try
        {
            using var file = _files.Create(unfinished);
            file.Write(new FileHeader(FileHeader.Segment, (uint)number, (ulong)_last + 1, salt).ToBytes(), 0);
            file.Write(s_zeroes.AsSpan(0, zeroes), FileHeader.Size);
            file.Sync();
        }
        catch (DiskFullException)
        {
            _files.Delete(unfinished);
            throw;
        }
        if (_current is { } last) End(last);
        _files.Rename(unfinished, name);
        _files.SyncDirectory();
        _identity.Began(number);
        var segment = new Segment(number, salt, _files.Open(name)) { Synced = FileHeader.Size, Zeroed = FileHeader.Size + zeroes };
        _segments[number] = segment;
        Volatile.Write(ref _current, segment);
    }

    void End(Segment segment)
    {
        lock (_syncing)
        {
            // After a failed sync the next one may succeed without what was lost, and no segment may follow it.
            ThrowIfFailed();
            if (segment.Zeroed > segment.Length) segment.File.SetLength(segment.Length);
            segment.File.Sync();
            (segment.Zeroed, segment.Synced) = (segment.Length, segment.Length);
        }
    }

    static ReadOnlySpan<BodyRange> Neighbours(ReadOnlySpan<BodyRange> ranges)
    {
        var first = ranges[0].Address;
        var end = first + (uint)ranges[0].MostBytes;
        var count = 1;
        for (; count < ranges.Length; count++)
        {
            var (address, most) = ranges[count];
            if (address < first || address > end + MaxGap || address + (uint)most > first + MaxWindow) break;
            if (address >> Segment.OffsetBits != first >> Segment.OffsetBits) break;
            end = Math.Max(end, address + (uint)most);
        }
        return ranges[..count];
    }

    /// <summary>Neighbours are read at once.</summary>
    void ReadWindow(ReadOnlySpan<BodyRange> ranges, Span<ReadOnlyMemory<byte>> into)
    {
        into.Clear();
        var (number, from) = Split(ranges[0].Address);
        if (!_segments.TryGetValue(number, out var segment)) return;
        var length = 0L;
        foreach (var range in ranges) length = Math.Max(length, (long)(range.Address - ranges[0].Address) + range.MostBytes);
        length = Math.Min(length, segment.Length - from);
        if (length <= 0) return;
        var window = GC.AllocateUninitializedArray<byte>((int)length);
        try
        {
            length = segment.File.Read(window, from);
        }
        catch (ObjectDisposedException) when (!_isDisposed)
        {
            // It was removed: the index knows where the bodies are now.
            return;
        }
        catch (Exception e) when (IsFault(e) || e is ObjectDisposedException)
        {
            throw new StoreException($"{_files.PathOf(segment.Name)} cannot be read: {e.Message}", e);
        }
        for (var i = 0; i < ranges.Length; i++)
        {
            var at = (int)(ranges[i].Address - ranges[0].Address);
            if (at < length) into[i] = window.AsMemory(at, (int)Math.Min(ranges[i].MostBytes, length - at));
        }
    }

    static (int Segment, long Offset) Split(ulong address) =>
        ((int)(address >> Segment.OffsetBits), (long)(address & ((1UL << Segment.OffsetBits) - 1)));

    JournalDamagedException Damaged(int segment, string what) => new(_files.PathOf(FileNames.Segment(segment)), 0, what);

    void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure) throw Failed(failure);
    }

    StoreException Fail(Exception cause)
    {
        Volatile.Write(ref _failure, cause);
        return Failed(cause);
    }

    static StoreException Failed(Exception cause) => new($"The journal takes no more writes: {cause.Message}", cause);

    StoreFullException Full(Exception? cause)
    {
        _reserve.NoteFull();
        return cause is null ? new("The disk is full.") : new($"The disk is full: {cause.Message}", cause);
    }
}
