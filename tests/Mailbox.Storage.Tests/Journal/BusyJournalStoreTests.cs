using Mailbox.Storage.Journal;

namespace Mailbox.Storage.Tests.Journal;

/// <summary>The contract with tiny segments and a snapshot or compaction at every turn.</summary>
public sealed class BusyJournalStoreTests : StoreContract
{
    readonly TemporaryDirectory _directory = new();

    protected override IMailboxStore Open() => JournalStore.Open(
        new() { Directory = _directory.Path, ReserveBytes = 0, SegmentBytes = 4096, SnapshotBytes = 1 },
        new FakeTimeProvider(StoreDriver.Noon));

    protected override void Close() => _directory.Dispose();
}
