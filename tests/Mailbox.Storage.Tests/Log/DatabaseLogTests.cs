using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

[Collection(PostgresGroup.Name)]
public sealed class DatabaseLogTests(PostgresServer server, ITestOutputHelper output) : SharedLogContract(output)
{
    readonly PostgresOptions _options = server.NewSchema() with { Partitions = 4, ContainerBytes = 1 << 16 };

    internal override ValueTask<ILog> OpenAsync() => new(DatabaseLog.Open(_options, TimeProvider.System));
}
