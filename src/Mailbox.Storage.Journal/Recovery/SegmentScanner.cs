namespace Mailbox.Storage.Journal;

/// <summary>Reads a segment's batches in order, a window of the file at a time.</summary>
sealed class SegmentScanner(Segment segment, long from)
{
    const int Window = 1 << 20;

    readonly long _end = segment.File.Length;
    byte[] _buffer = [];
    long _bufferAt = from;
    int _buffered;

    /// <summary>Where the next batch should begin; where the damage is when there is none.</summary>
    public long Offset { get; private set; } = from;

    public bool IsAtEnd => Offset == _end;

    /// <summary>The batch at the offset; null at the end, or at damage.</summary>
    public BatchFrame? Peek()
    {
        var length = BatchFrame.LengthAt(Look(BatchFrame.HeaderSize));
        if (length < 0 || length > _end - Offset - BatchFrame.HeaderSize) return null;
        return BatchFrame.Read(Look(BatchFrame.HeaderSize + length), segment.Salt);
    }

    /// <summary>Of the batch that <see cref="Peek"/> found.</summary>
    public ReadOnlySpan<byte> RecordsOf(BatchFrame frame) => Look(frame.TotalLength)[BatchFrame.HeaderSize..frame.TotalLength];

    /// <summary>Goes on behind the batch that <see cref="Peek"/> found.</summary>
    public void Pass(BatchFrame frame) => Offset += frame.TotalLength;

    /// <summary>
    /// True if a whole batch behind the damage says that the damaged bytes were synced: they were not torn by a crash but damaged
    /// since.
    /// </summary>
    public bool WasSyncedHere()
    {
        var damage = Offset;
        for (Offset = damage + 1; Offset < _end; Offset++)
        {
            if (!SeekMark()) break;
            if (Peek() is { } frame && frame.Synced > damage) break;
        }
        var synced = Offset < _end;
        Offset = damage;
        return synced;
    }

    bool SeekMark()
    {
        while (Offset < _end)
        {
            var seen = Look(Window / 2);
            var index = seen.IndexOf(BatchFrame.Mark);
            if (index >= 0)
            {
                Offset += index;
                return true;
            }
            Offset += Math.Max(1, seen.Length - BatchFrame.Mark.Length + 1);
        }
        return false;
    }

    /// <summary>What the file has at the offset: at least so many bytes, unless it ends before.</summary>
    ReadOnlySpan<byte> Look(int count)
    {
        var left = Math.Max(0, _end - Offset);
        var at = (int)(Offset - _bufferAt);
        if (at >= 0 && at + Math.Min(count, left) <= _buffered) return _buffer.AsSpan(at, _buffered - at);
        var size = (int)Math.Min(left, Math.Max(count, Window));
        if (size > _buffer.Length) _buffer = new byte[size];
        _bufferAt = Offset;
        _buffered = segment.File.Read(_buffer.AsSpan(0, size), Offset);
        return _buffer.AsSpan(0, _buffered);
    }
}
