namespace Mailbox.Storage.Journal;

sealed class DiskFiles(string directory) : IJournalFiles
{
    public ulong Boot { get; } = KernelBoot.Current();

    public long Room => new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;

    public IReadOnlyList<string> Names() => [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path))];

    public IJournalFile Create(string name) => new DiskFile(PathOf(name), FileMode.Create);

    public IJournalFile Open(string name) => new DiskFile(PathOf(name), FileMode.Open);

    public void Delete(string name) => File.Delete(PathOf(name));

    public void Rename(string from, string to) => File.Move(PathOf(from), PathOf(to), overwrite: true);

    public void SyncDirectory() => Posix.SyncDirectory(directory);

    public string PathOf(string name) => Path.Combine(directory, name);
}
