namespace Mailbox.Storage.Journal;

/// <summary>
/// A copy of a log that is in use. A mark in it says that it is a copy; it changes all epochs at its first start. The directory appears under its
/// name only when it is complete.
/// </summary>
static class DirectoryBackup
{
    const int Chunk = 1 << 20;

    public static void Write(string target, Action<IJournalFiles> copy)
    {
        try
        {
            var unfinished = target.TrimEnd(Path.DirectorySeparatorChar) + FileNames.Unfinished;
            if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()) throw new StoreException($"{target} is not empty.");
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
            Directory.CreateDirectory(unfinished);
            copy(new DiskFiles(unfinished));
            if (Directory.Exists(target)) Directory.Delete(target);
            Directory.Move(unfinished, target);
            Posix.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
        }
        catch (Exception e) when (DirectoryLog.IsFault(e))
        {
            throw new StoreException($"The backup to {target} failed: {e.Message}", e);
        }
    }

    /// <param name="snapshot">0 for none.</param>
    public static void Copy(
        IJournalFiles from, IReadOnlyList<(Segment Segment, long Length)> segments, int snapshot, IJournalFiles to, CancellationToken cancel)
    {
        using (var mark = to.Create(FileNames.Restored)) mark.Sync();
        foreach (var (segment, length) in segments) Copy(segment.File, length, to, segment.Name, cancel);
        if (snapshot > 0)
        {
            using var source = from.Open(FileNames.Snapshot(snapshot));
            Copy(source, source.Length, to, FileNames.Snapshot(snapshot), cancel);
        }
        to.SyncDirectory();
    }

    static void Copy(IJournalFile from, long length, IJournalFiles to, string name, CancellationToken cancel)
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
