using System.Net;
using Mailbox.Storage.Tests.PostgreSql;
using Mailbox.Tests;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>A process that the others of its cluster take for dead.</summary>
public sealed class DeclaredDeadTests(PostgresServer server)
{
    [Theory]
    [InlineData("Silo")]
    [InlineData("Gateway")]
    public async Task It_ends_with_one_line_and_the_exit_code_for_being_started_again(string host)
    {
        var schema = server.NewSchema().Schema;
        await using var silo = host == "Gateway" ? Start("Silo", schema) : null;
        if (silo is not null) await silo.UntilAsync(HttpStatusCode.OK);
        await using var process = Start(host, schema);
        await process.UntilAsync(HttpStatusCode.OK);

        // As the others write it where their probes were not answered.
        server.Execute($"UPDATE {schema}.cluster_members SET status = {(int)SiloStatus.Dead} WHERE started = (SELECT max(started) FROM {schema}.cluster_members)");
        server.Execute($"UPDATE {schema}.cluster_versions SET version = version + 1");

        Assert.Equal(75, await process.EndAsync());
        Assert.Matches("^This process has lost its place in the cluster and ends, to be started again: .*Dead [^:]*$", Assert.Single(process.Errors));
    }

    HostProcess Start(string host, string schema) =>
        new(host, Ports.Free(), "--Mailbox:Cluster:Database", server.ConnectionString, "--Mailbox:Cluster:Schema", schema);
}
