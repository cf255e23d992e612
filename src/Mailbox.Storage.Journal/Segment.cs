namespace Mailbox.Storage.Journal;

/// <summary>One file of the log. Only the last is written to; the others are synced and never change again.</summary>
sealed class Segment(int number, uint salt, IJournalFile file)
{
    public const int OffsetBits = 30;

    long _length = FileHeader.Size;
    long _synced;
    long _live;

    public int Number => number;

    public uint Salt => salt;

    public IJournalFile File => file;

    public string Name => FileNames.Segment(number);

    /// <summary>Of the bodies of a frame that begins at the offset: 28 bits of segment, 30 of offset.</summary>
    public ulong AddressOf(long offset) => ((ulong)number << OffsetBits) | (ulong)(offset + FrameHeader.Size);

    /// <summary>Where the next frame goes.</summary>
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

    /// <summary>The length of the file: from <see cref="Length"/> on it has zeroes, which the next frames overwrite. Used in the turn to write.</summary>
    public long Zeroed { get; set; }

    /// <summary>Roughly the bytes in use; exactly 0 when no message lies here. Changed under the index's lock.</summary>
    public long Live
    {
        get => Volatile.Read(ref _live);
        set => Volatile.Write(ref _live, value);
    }
}

/// <summary>Reads a segment's frames in order, up to an offset, a window of the file at a time.</summary>
sealed class FrameScanner(Segment segment, long from, long end)
{
    const int Window = 1 << 20;

    byte[] _buffer = [];
    long _bufferAt = from;
    int _buffered;

    /// <summary>Where the next frame should begin; where the damage is when there is none.</summary>
    public long Offset { get; private set; } = from;

    public bool IsAtEnd => Offset == end;

    /// <summary>The frame at the offset; null at the end, or at damage.</summary>
    public FrameHeader? Peek()
    {
        var length = FrameHeader.LengthAt(Look(FrameHeader.Size));
        return length < 0 || length > end - Offset ? null : FrameHeader.Read(Look(length), segment.Salt);
    }

    /// <summary>Of the frame that <see cref="Peek"/> found.</summary>
    public ReadOnlySpan<byte> RecordsOf(in FrameHeader frame) => Look(frame.FrameBytes).Slice(FrameHeader.Size + frame.BodyBytes, frame.RecordBytes);

    /// <summary>Goes on behind the frame that <see cref="Peek"/> found.</summary>
    public void Pass(in FrameHeader frame) => Offset += frame.FrameBytes;

    /// <summary>There are only zeroes from here on: they were written beforehand, or what was written there has never reached the disk.</summary>
    public bool IsZero()
    {
        var here = Offset;
        var isZero = true;
        while (isZero && Offset < end)
        {
            var seen = Look(1);
            isZero = !seen.IsEmpty && !seen.ContainsAnyExcept((byte)0);
            Offset += seen.Length;
        }
        Offset = here;
        return isZero;
    }

    /// <summary>A whole frame behind the damage says that the damaged bytes were synced: no crash has torn them, they were damaged since.</summary>
    public bool WasSyncedHere()
    {
        var damage = Offset;
        for (Offset = damage + 1; Offset < end; Offset++)
        {
            if (!SeekMark()) break;
            if (Peek() is { } frame && frame.Synced > damage) break;
        }
        var synced = Offset < end;
        Offset = damage;
        return synced;
    }

    bool SeekMark()
    {
        while (Offset < end)
        {
            var seen = Look(Window / 2);
            if (seen.IsEmpty) break;
            var index = seen.IndexOf(FrameHeader.Mark);
            if (index >= 0)
            {
                Offset += index;
                return true;
            }
            Offset += Math.Max(1, seen.Length - FrameHeader.Mark.Length + 1);
        }
        return false;
    }

    /// <summary>What the file has at the offset: at least so many bytes, unless it ends before.</summary>
    ReadOnlySpan<byte> Look(int count)
    {
        var left = Math.Max(0, end - Offset);
        var at = (int)(Offset - _bufferAt);
        if (at >= 0 && at + Math.Min(count, left) <= _buffered) return _buffer.AsSpan(at, _buffered - at);
        var size = (int)Math.Min(left, Math.Max(count, Window));
        if (size > _buffer.Length) _buffer = new byte[size];
        _bufferAt = Offset;
        _buffered = segment.File.Read(_buffer.AsSpan(0, size), Offset);
        return _buffer.AsSpan(0, _buffered);
    }
}
