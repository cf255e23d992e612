namespace Mailbox.Storage.Journal;

/// <summary>
/// Copies a journal while it is used: a fresh snapshot and the segments up to its end at that moment. A mark in the copy says that it
/// is one; it changes all epochs at its first start. The directory appears under its name only when it is complete.
/// </summary>
sealed class JournalBackup(IJournalFiles files, SegmentSet segments, JournalLog log, FairLock turn, JournalUpkeep upkeep)
{
    const int Chunk = 1 << 20;

    public void Write(string target, CancellationToken cancel)
    {
        var unfinished = target.TrimEnd(Path.DirectorySeparatorChar) + FileNames.Unfinished;
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new StoreException($"{target} is not empty.");
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        upkeep.WhileNothingIsRemoved(() => Copy(new DiskFiles(unfinished), cancel));
        if (Directory.Exists(target)) Directory.Delete(target);
        Directory.Move(unfinished, target);
        Posix.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
    }

    void Copy(DiskFiles to, CancellationToken cancel)
    {
        upkeep.WriteSnapshot();
        log.Sync();
        var lengths = Lengths();
        using (var mark = to.Create(FileNames.Restored)) mark.Sync();
        foreach (var (segment, length) in lengths) Copy(segment.File, length, to, segment.Name, cancel);
        var snapshot = FileNames.Snapshot(upkeep.Snapshot.Number);
        using var source = files.Open(snapshot);
        Copy(source, source.Length, to, snapshot, cancel);
        to.SyncDirectory();
    }

    List<(Segment Segment, long Length)> Lengths()
    {
        using (turn.Enter()) return [.. segments.InOrder.Select(segment => (segment, segment.Length))];
    }

    static void Copy(IJournalFile from, long length, DiskFiles to, string name, CancellationToken cancel)
    {
        using var copy = to.Create(name);
        var buffer = new byte[Chunk];
        for (long at = 0; at < length;)
        {
            cancel.ThrowIfCancellationRequested();
            var read = from.Read(buffer.AsSpan(0, (int)Math.Min(Chunk, length - at)), at);
            if (read == 0) throw new StoreException($"{name} is shorter than it was.");
            copy.Write(buffer.AsSpan(0, read), at);
            at += read;
        }
        copy.Sync();
    }
}
