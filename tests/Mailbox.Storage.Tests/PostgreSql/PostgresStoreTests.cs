using Mailbox.Storage.PostgreSql;
using Xunit;

namespace Mailbox.Storage.Tests.PostgreSql;

[Collection(PostgresGroup.Name)]
public sealed class PostgresStoreTests(PostgresServer server) : StoreContract
{
    protected override IMailboxStore Open() => PostgresStore.Open(server.NewSchema(), TimeProvider.System);
}
