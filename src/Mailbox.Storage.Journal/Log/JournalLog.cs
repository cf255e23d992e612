using System.Security.Cryptography;

namespace Mailbox.Storage.Journal;

/// <summary>
/// The end of the journal: appends batches and syncs them. A write or sync that fails ends it for good: what the kernel still has of
/// a file after a failed sync is not what is on the disk (https://lwn.net/Articles/752063/), so nothing is tried again.
/// </summary>
sealed class JournalLog(IJournalFiles files, Identity identity, SegmentSet segments, Reserve reserve, int segmentBytes)
{
    const int MaxFrame = 1 << 29;

    readonly object _syncing = new();
    Segment? _current;
    Exception? _failure;
    bool _hasRefused;

    public bool IsWritable => Volatile.Read(ref _failure) is null;

    /// <summary>Something had to be refused for want of room, or the reserve is in use.</summary>
    public bool IsFull => reserve.IsOut || Volatile.Read(ref _hasRefused);

    public Segment Current => Volatile.Read(ref _current)!;

    public long LastBatch { get; private set; }

    /// <summary>Bytes appended since the store was opened.</summary>
    public long Appended { get; private set; }

    /// <summary>Goes on where recovery ended; without a segment a new one is made.</summary>
    public void Continue(Segment? last, int nextNumber, long lastBatch)
    {
        LastBatch = lastBatch;
        if (last is null) Begin(nextNumber); else GoOn(last);
        reserve.TryTake();
    }

    /// <summary>Appends a batch. The turn to write is the caller's.</summary>
    /// <param name="frame">Room for the header, and the records.</param>
    /// <returns>Where the frame lies.</returns>
    public long Append(Span<byte> frame, DateTimeOffset at, bool mayUseReserve)
    {
        ThrowIfFailed();
        if (frame.Length > MaxFrame) throw new ArgumentException($"A batch of {frame.Length} bytes is too large.", nameof(frame));
        if (reserve.IsOut && !mayUseReserve && !reserve.TryTake()) throw Full(null);
        try
        {
            var offset = Write(frame, at, mayUseReserve);
            if (!mayUseReserve) Volatile.Write(ref _hasRefused, false);
            return offset;
        }
        catch (DiskFullException e)
        {
            throw Full(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Fail(e);
        }
    }

    /// <summary>Makes everything appended so far survive power loss. Safe from any thread.</summary>
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
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Fail(e);
            }
            segment.Synced = length;
        }
    }

    public void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure) throw Failed(failure);
    }

    /// <summary>Runs what frees room; on a full disk the reserve is given up for it, once.</summary>
    public void WithReserve(Action write)
    {
        try
        {
            write();
        }
        catch (DiskFullException) when (reserve.GiveUp())
        {
            write();
        }
    }

    /// <summary>Begins a new segment, so that the last one can be compacted too. The turn to write is the caller's.</summary>
    public void Seal()
    {
        ThrowIfFailed();
        if (Current.Length == FileHeader.Size) return;
        Sync();
        try
        {
            WithReserve(() => Begin(Current.Number + 1));
        }
        catch (Exception e) when (e is (IOException and not DiskFullException) or UnauthorizedAccessException)
        {
            throw Fail(e);
        }
    }

    /// <summary>After room was made.</summary>
    public void RefillReserve()
    {
        if (reserve.IsOut) reserve.TryTake();
    }

    long Write(Span<byte> frame, DateTimeOffset at, bool mayUseReserve)
    {
        try
        {
            return Write(frame, at);
        }
        catch (DiskFullException) when (mayUseReserve && reserve.GiveUp())
        {
            return Write(frame, at);
        }
    }

    long Write(Span<byte> frame, DateTimeOffset at)
    {
        var segment = WithRoomFor(frame.Length);
        var offset = segment.Length;
        BatchFrame.Seal(frame, segment.Salt, segment.Synced, LastBatch + 1, at);
        WriteOrCutBack(segment, frame, offset);
        segment.Length = offset + frame.Length;
        LastBatch++;
        Appended += frame.Length;
        return offset;
    }

    static void WriteOrCutBack(Segment segment, ReadOnlySpan<byte> frame, long offset)
    {
        try
        {
            segment.File.Write(frame, offset);
        }
        catch (DiskFullException)
        {
            segment.File.SetLength(offset);
            throw;
        }
    }

    Segment WithRoomFor(int bytes)
    {
        var current = Current;
        if (current.Length == FileHeader.Size || current.Length + bytes <= segmentBytes) return current;
        Sync();
        Begin(current.Number + 1);
        return Current;
    }

    void GoOn(Segment last)
    {
        _current = last;
        if (last.Number > identity.NewestSegment) identity.Began(last.Number);
    }

    /// <summary>The header is synced before anything follows it: a header that is damaged later is no torn write.</summary>
    void Begin(int number)
    {
        var salt = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
        var name = FileNames.Segment(number);
        var file = files.Create(name);
        try
        {
            file.Write(new FileHeader(FileHeader.Segment, (uint)number, (ulong)LastBatch + 1, salt).ToBytes(), 0);
            file.Sync();
            files.SyncDirectory();
            identity.Began(number);
        }
        catch (DiskFullException)
        {
            file.Dispose();
            files.Delete(name);
            throw;
        }
        var segment = new Segment(number, salt, file) { Synced = FileHeader.Size };
        segments.Add(segment);
        Volatile.Write(ref _current, segment);
    }

    StoreException Fail(Exception cause)
    {
        Volatile.Write(ref _failure, cause);
        return Failed(cause);
    }

    static StoreException Failed(Exception cause) => new($"The journal takes no more writes: {cause.Message}", cause);

    StoreFullException Full(Exception? cause)
    {
        Volatile.Write(ref _hasRefused, true);
        return cause is null ? new("The disk is full.") : new($"The disk is full: {cause.Message}", cause);
    }
}
