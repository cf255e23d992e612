using System.Security.Cryptography;

namespace Mailbox.Storage.Journal;

/// <summary>
/// The upper 24 bits of every epoch. It lives in a file of its own, which no backup has; a copy gets another one at its first start,
/// so that every position of the original is of another epoch there (spec M4).
/// </summary>
static class Incarnation
{
    const int Bits = 24;

    public static uint Open(IJournalFiles files, Action<string>? notice)
    {
        var names = files.Names();
        var isRestored = names.Contains(FileNames.Restored);
        var old = names.Contains(FileNames.Identity) ? Read(files) : 0;
        if (old != 0 && !isRestored) return old;
        var incarnation = Write(files, old);
        if (isRestored)
        {
            files.Delete(FileNames.Restored);
            files.SyncDirectory();
            notice?.Invoke("This is a restored copy: every mailbox has a new epoch.");
        }
        return incarnation;
    }

    static uint Read(IJournalFiles files)
    {
        using var file = files.Open(FileNames.Identity);
        var path = files.PathOf(FileNames.Identity);
        var header = FileHeader.Read(file, FileHeader.Identity, path) ?? throw new JournalDamagedException(path, 0, "it is not valid");
        return header.Number;
    }

    static uint Write(IJournalFiles files, uint old)
    {
        uint incarnation;
        do incarnation = (uint)RandomNumberGenerator.GetInt32(1, 1 << Bits); while (incarnation == old);
        var unfinished = FileNames.Identity + FileNames.Unfinished;
        using (var file = files.Create(unfinished))
        {
            file.Write(new FileHeader(FileHeader.Identity, incarnation, 0, 0).ToBytes(), 0);
            file.Sync();
        }
        files.Rename(unfinished, FileNames.Identity);
        files.SyncDirectory();
        return incarnation;
    }
}
