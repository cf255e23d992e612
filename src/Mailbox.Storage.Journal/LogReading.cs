namespace Mailbox.Storage.Journal;

/// <summary>
/// Reads the frames behind a snapshot. The first reading finds where the log ends: a tail that a crash has torn is cut, and damage anywhere
/// else is refused.
/// </summary>
/// <param name="segments">In order, up to the newest, with the length up to which each is read.</param>
sealed class LogReading(
    IJournalFiles files, LogSnapshot snapshot, IReadOnlyList<(Segment Segment, long Length)> segments, ILogReader into)
{
    /// <summary>The newest frame that was read.</summary>
    public long Last { get; private set; } = snapshot.Begin;

    /// <summary>Where the newest segment ends.</summary>
    public long End { get; private set; }

    /// <summary>Behind the end lies something else than zeroes.</summary>
    public bool IsTorn { get; private set; }

    /// <param name="after">Frames up to this one are passed over.</param>
    /// <param name="isFirst">The log was not open before: its last segment may have more than whole frames.</param>
    public void Run(long after, bool isFirst)
    {
        if (segments.Count == 0 && snapshot.Number == 0) return;
        var newest = segments.Count == 0 ? snapshot.Segment : Math.Max(segments[^1].Segment.Number, snapshot.Segment);
        for (var number = snapshot.Segment; number <= newest; number++)
        {
            var (segment, length) = segments.FirstOrDefault(one => one.Segment.Number == number);
            if (segment is null) throw Missing(number);
            var from = number == snapshot.Segment ? snapshot.Offset : FileHeader.Size;
            if (from > length) throw TooShort(segment, length);
            var scanner = new FrameScanner(segment, from, length);
            while (scanner.Peek() is { } frame)
            {
                Read(segment, scanner, frame, isPassedOver: frame.Sequence <= after);
                scanner.Pass(frame);
            }
            if (!scanner.IsAtEnd) JudgeTail(segment, scanner, mayBeTorn: isFirst && number == newest);
            End = scanner.Offset;
        }
        if (Last < snapshot.Through) throw TooShort(segments[^1].Segment, End);
    }

    void Read(Segment segment, FrameScanner scanner, in FrameHeader frame, bool isPassedOver)
    {
        if (frame.Sequence != Last + 1) throw Damaged(segment.Name, scanner.Offset, $"frame {frame.Sequence} follows frame {Last}");
        try
        {
            var info = new FrameInfo(frame.Sequence, frame.At, segment.AddressOf(scanner.Offset), frame.BodyBytes);
            if (!isPassedOver) into.Frame(info, scanner.RecordsOf(frame));
            Last = frame.Sequence;
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException)
        {
            throw Damaged(segment.Name, scanner.Offset, e.Message);
        }
    }

    /// <summary>
    /// What follows the last frame are zeroes that were written beforehand, or a torn tail, or damage: a later segment, snapshot or frame says
    /// that the bytes were synced.
    /// </summary>
    void JudgeTail(Segment segment, FrameScanner scanner, bool mayBeTorn)
    {
        var isZero = scanner.IsZero();
        if (!mayBeTorn || Last < snapshot.Through || (!isZero && scanner.WasSyncedHere()))
            throw Damaged(segment.Name, scanner.Offset, "a frame that was synced is not valid");
        IsTorn = !isZero;
    }

    JournalDamagedException Missing(int number) => Damaged(
        FileNames.Segment(number), 0, snapshot.Number == 0 ? "it is missing, and there is no snapshot to begin with" : "it is missing");

    JournalDamagedException TooShort(Segment segment, long length) =>
        Damaged(segment.Name, length, "it ends before the snapshot that was made of it");

    JournalDamagedException Damaged(string name, long offset, string what) => new(files.PathOf(name), offset, what);
}

/// <summary>
/// A file of the journal is damaged where it was synced, so answered messages may be lost: the store does not start, or the read
/// fails, rather than go on without them.
/// </summary>
public sealed class JournalDamagedException : StoreException
{
    public JournalDamagedException(string file, long offset, string what) : base($"{file} is damaged at offset {offset}: {what}.")
    {
        File = file;
        Offset = offset;
    }

    public JournalDamagedException(string message) : base(message) { }

    public JournalDamagedException(string message, Exception inner) : base(message, inner) { }

    public JournalDamagedException() { }

    /// <summary>The path of the file.</summary>
    public string? File { get; }

    /// <summary>Bytes from the start of the file.</summary>
    public long Offset { get; }
}
