using Mailbox.Storage;
using Mailbox.Storage.Journal;

namespace Mailbox.Benchmarks;

/// <summary>A directory for a journal, removed at the end.</summary>
sealed class DataDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mailbox-benchmark-").FullName;

    public IMailboxStore OpenJournal() => JournalStore.Open(new() { Directory = Path }, TimeProvider.System);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
