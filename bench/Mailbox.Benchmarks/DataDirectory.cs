using Mailbox.Storage.Journal;

namespace Mailbox.Benchmarks;

/// <summary>A directory for a log, removed at the end.</summary>
sealed class DataDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mailbox-benchmark-").FullName;

    public DirectoryLog OpenLog() => DirectoryLog.Open(new() { Directory = Path });

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
