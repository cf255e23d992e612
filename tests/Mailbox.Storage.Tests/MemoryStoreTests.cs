namespace Mailbox.Storage.Tests;

public sealed class MemoryStoreTests : StoreContract
{
    protected override IMailboxStore Open() => new MemoryStore();
}
