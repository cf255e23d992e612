using Mailbox.Storage;

namespace Mailbox.Benchmarks;

/// <summary>A directory for a journal, removed at the end.</summary>
sealed class DataDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mailbox-benchmark-").FullName;

    public IMailboxStore OpenJournal() => throw new NotSupportedException();

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
