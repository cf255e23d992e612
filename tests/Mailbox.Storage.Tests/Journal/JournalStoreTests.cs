using Mailbox.Storage.Journal;

namespace Mailbox.Storage.Tests.Journal;

public sealed class JournalStoreTests : StoreContract
{
    readonly TemporaryDirectory _directory = new();

    protected override IMailboxStore Open() =>
        JournalStore.Open(new() { Directory = _directory.Path, ReserveBytes = 0 }, new FakeTimeProvider(StoreDriver.Noon));

    protected override void Close() => _directory.Dispose();
}
