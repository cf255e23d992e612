namespace Mailbox.Storage.Journal;

/// <summary>
/// Room kept back on the disk in a file of its own. It is given up for what frees room, and taken again before anything else is
/// written. Safe from any thread.
/// </summary>
sealed class Reserve(IJournalFiles files, long bytes)
{
    readonly object _lock = new();
    IJournalFile? _file;
    bool _isOut;

    /// <summary>The disk was full and the room is not back yet.</summary>
    public bool IsOut => Volatile.Read(ref _isOut);

    public bool TryTake()
    {
        lock (_lock)
        {
            _isOut = !TryAllocate();
            return !_isOut;
        }
    }

    /// <returns>False if it was given up before.</returns>
    public bool GiveUp()
    {
        lock (_lock)
        {
            if (_isOut) return false;
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
            _file ??= files.Create(FileNames.Reserve);
            _file.Allocate(bytes);
            return true;
        }
        catch (DiskFullException)
        {
            return false;
        }
    }
}
