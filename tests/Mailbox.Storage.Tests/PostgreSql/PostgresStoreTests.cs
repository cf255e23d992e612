using Mailbox.Storage.PostgreSql;
using Xunit;

namespace Mailbox.Storage.Tests.PostgreSql;

[Collection(PostgresGroup.Name)]
public sealed class PostgresStoreTests(PostgresServer server) : StoreContract
{
    protected override IMailboxStore Open() => PostgresStore.Open(server.NewSchema(), TimeProvider.System);

    /// <summary>Section 9: a schema serves the version before it, so that one starts again while a cluster is upgraded.</summary>
    [Fact]
    public void A_schema_of_the_next_version_is_served_and_a_newer_one_refused()
    {
        var options = server.NewSchema();
        using (var made = PostgresStore.Open(options, TimeProvider.System)) new StoreDriver(made).Make("ann");
        server.Execute($"INSERT INTO {options.Schema}.schema_version SELECT max(version) + 1 FROM {options.Schema}.schema_version");
        using (var store = PostgresStore.Open(options, TimeProvider.System)) Assert.NotNull(new StoreDriver(store).Load("ann"));
        server.Execute($"INSERT INTO {options.Schema}.schema_version SELECT max(version) + 1 FROM {options.Schema}.schema_version");
        Assert.Contains("understands versions up to", Assert.Throws<StoreException>(() => PostgresStore.Open(options, TimeProvider.System)).Message, StringComparison.Ordinal);
    }
}
