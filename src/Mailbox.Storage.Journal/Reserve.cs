namespace Mailbox.Storage.Journal;

/// <summary>
/// Room kept back on the disk in a file of its own. It is given up for what frees room, and taken again before anything else is
/// written. Of a small disk it takes an eighth of what is free when the store opens. Safe from any thread.
/// </summary>
/// <param name="bytes">The most it keeps back; 0 for nothing.</param>
sealed class Reserve(IJournalFiles files, long bytes, Action<string>? notice)
{
    const int Share = 8;
    const long Least = 256 << 10;

    readonly object _lock = new();
    IJournalFile? _file;
    long _size;
    bool _isOut;
    bool _isFull;

    /// <summary>It is given up, and the room is not back yet.</summary>
    public bool IsOut => Volatile.Read(ref _isOut);

    /// <summary>There was no room for something, and it is not back yet.</summary>
    public bool IsFull => Volatile.Read(ref _isFull);

    /// <param name="more">Takes it only where so many bytes are free beside it.</param>
    /// <returns>False if there is no room.</returns>
    public bool TryTake(long more = 0)
    {
        lock (_lock)
        {
            var hasRoom = TryAllocate(more);
            if (hasRoom) _isOut = false; else if (more == 0) _isOut = true;
            SetFull(!hasRoom);
            return hasRoom;
        }
    }

    public void NoteFull()
    {
        lock (_lock) SetFull(true);
    }

    /// <returns>False if it was given up before.</returns>
    public bool GiveUp()
    {
        lock (_lock)
        {
            if (_isOut) return false;
            SetFull(true);
            _isOut = true;
            _file?.SetLength(0);
            return true;
        }
    }

    public void Close() => _file?.Dispose();

    bool TryAllocate(long more)
    {
        if (bytes + more == 0) return true;
        try
        {
            if (_file is null) Size(_file = files.Create(FileNames.Reserve));
            _file.Allocate(_size + more);
            if (more > 0) _file.SetLength(_size);
            return true;
        }
        catch (DiskFullException)
        {
            return false;
        }
    }

    void Size(IJournalFile empty)
    {
        empty.SetLength(0);
        var room = files.Room;
        _size = Math.Min(bytes, Math.Max(Least, room / Share));
        if (_size < bytes)
            notice?.Invoke($"The disk of {files.PathOf(FileNames.Reserve)} has {room} bytes free: {_size} are kept back for when it is full, not {bytes}.");
    }

    void SetFull(bool isFull)
    {
        if (isFull == _isFull) return;
        _isFull = isFull;
        notice?.Invoke(isFull
            ? $"The disk of {files.PathOf(FileNames.Reserve)} is full: deliveries are refused until there is room again; what frees room goes on."
            : $"The disk of {files.PathOf(FileNames.Reserve)} has room again: deliveries are taken.");
    }
}
