namespace Mailbox.Storage.Journal;

/// <summary>One file of the journal. Only the last is written to; the others are synced and never change again.</summary>
sealed class Segment(int number, uint salt, IJournalFile file)
{
    long _length = FileHeader.Size;
    long _synced;
    long _live;

    public int Number => number;

    public uint Salt => salt;

    public IJournalFile File => file;

    public string Name => FileNames.Segment(number);

    /// <summary>Where the next batch goes.</summary>
    public long Length
    {
        get => Volatile.Read(ref _length);
        set => Volatile.Write(ref _length, value);
    }

    /// <summary>Everything before it survives power loss.</summary>
    public long Synced
    {
        get => Volatile.Read(ref _synced);
        set => Volatile.Write(ref _synced, value);
    }

    /// <summary>Roughly the bytes in use; exactly 0 when no message lies here. Changed under the index's lock.</summary>
    public long Live
    {
        get => Volatile.Read(ref _live);
        set => Volatile.Write(ref _live, value);
    }
}
