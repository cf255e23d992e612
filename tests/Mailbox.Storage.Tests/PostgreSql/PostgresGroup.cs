using Xunit;

namespace Mailbox.Storage.Tests.PostgreSql;

/// <summary>The tests that share one server, one after the other: some of them restart it.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresGroup : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
