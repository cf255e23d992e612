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

    /// <summary>The disk was full and the room is not back yet.</summary>
    public bool IsOut => Volatile.Read(ref _isOut);

    public bool TryTake()
    {
        lock (_lock)
        {
            var isOut = !TryAllocate();
            if (isOut != _isOut) Tell(isOut);
            _isOut = isOut;
            return !isOut;
        }
    }

    /// <returns>False if it was given up before.</returns>
    public bool GiveUp()
    {
        lock (_lock)
        {
            if (_isOut) return false;
            Tell(isOut: true);
            _isOut = true;
            _file?.SetLength(0);
            return true;
        }
    }

    public void Close() => _file?.Dispose();

    bool TryAllocate()
    {
        if (bytes == 0) return true;
        try
        {
            if (_file is null) Size(_file = files.Create(FileNames.Reserve));
            _file.Allocate(_size);
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

    void Tell(bool isOut) => notice?.Invoke(isOut
        ? $"The disk of {files.PathOf(FileNames.Reserve)} is full: deliveries are refused until there is room for {_size} bytes; what frees room goes on."
        : $"The disk of {files.PathOf(FileNames.Reserve)} has room again: deliveries are taken.");
}
