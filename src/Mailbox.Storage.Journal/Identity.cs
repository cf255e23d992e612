using System.Security.Cryptography;

namespace Mailbox.Storage.Journal;

/// <summary>
/// What the journal knows of itself beside its segments: the incarnation, which is the upper 24 bits of every epoch; the newest segment,
/// so that one that vanishes is missed; and the kernel's run, so that a crash of the process is known from a loss of power. No backup has
/// it: a copy gets another incarnation at its first start, so that every position of the original is of another epoch there (spec M4).
/// It is changed in place, because it fits into one sector, which a disk writes whole or not at all, and because a full disk must not be
/// in the way.
/// </summary>
sealed class Identity
{
    const int Bits = 24;

    readonly IJournalFiles _files;

    Identity(IJournalFiles files, FileHeader header) =>
        (_files, Incarnation, Boot, NewestSegment) = (files, header.Number, header.Batch, (int)header.Salt);

    public uint Incarnation { get; }

    /// <summary>The run of the kernel since whose start nothing was lost that is not told as lost; 0 for none.</summary>
    public ulong Boot { get; private set; }

    /// <summary>The highest number of a segment that may have batches; 0 for none.</summary>
    public int NewestSegment { get; private set; }

    /// <exception cref="JournalDamagedException">It is damaged, or missing where there is a journal.</exception>
    public static Identity Open(IJournalFiles files, Action<string>? notice)
    {
        var names = files.Names();
        var isRestored = names.Contains(FileNames.Restored);
        var old = names.Contains(FileNames.Identity) ? Read(files) : null;
        if (old is not null && !isRestored) return old;
        if (!isRestored) ThrowIfUsed(files, names);
        var identity = Make(files, old);
        if (isRestored) Unmark(files, notice);
        return identity;
    }

    /// <summary>Synced before the first batch of a segment.</summary>
    public void Began(int segment)
    {
        NewestSegment = segment;
        Write();
    }

    public void Booted(ulong boot)
    {
        Boot = boot;
        Write();
    }

    static Identity Read(IJournalFiles files)
    {
        using var file = files.Open(FileNames.Identity);
        var path = files.PathOf(FileNames.Identity);
        return new(files, FileHeader.Read(file, FileHeader.Identity, path) ?? throw new JournalDamagedException(path, 0, "it is not valid"));
    }

    static void ThrowIfUsed(IJournalFiles files, IReadOnlyList<string> names)
    {
        if (FileNames.Segments(names).Length + FileNames.Snapshots(names).Length == 0) return;
        throw new JournalDamagedException(
            files.PathOf(FileNames.Identity), 0,
            $"it is missing, though there is a journal; with an empty file '{FileNames.Restored}' beside it every mailbox gets a new epoch");
    }

    static Identity Make(IJournalFiles files, Identity? old)
    {
        uint incarnation;
        do incarnation = (uint)RandomNumberGenerator.GetInt32(1, 1 << Bits); while (incarnation == old?.Incarnation);
        // No number of the new epochs was ever given out, so none of them was lost.
        var identity = new Identity(files, new(FileHeader.Identity, incarnation, files.Boot, (uint)(old?.NewestSegment ?? 0)));
        var unfinished = FileNames.Identity + FileNames.Unfinished;
        using (var file = files.Create(unfinished)) identity.Write(file);
        files.Rename(unfinished, FileNames.Identity);
        files.SyncDirectory();
        return identity;
    }

    static void Unmark(IJournalFiles files, Action<string>? notice)
    {
        files.Delete(FileNames.Restored);
        files.SyncDirectory();
        notice?.Invoke("This is a restored copy: every mailbox has a new epoch.");
    }

    void Write()
    {
        using var file = _files.Open(FileNames.Identity);
        Write(file);
    }

    void Write(IJournalFile file)
    {
        file.Write(new FileHeader(FileHeader.Identity, Incarnation, Boot, (uint)NewestSegment).ToBytes(), 0);
        file.Sync();
    }
}
