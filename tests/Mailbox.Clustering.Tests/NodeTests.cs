using Mailbox.Storage.Tests.PostgreSql;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Mailbox.Clustering.Tests;

/// <summary>Processes that find each other, or do not.</summary>
public sealed class NodeTests(PostgresServer server)
{
    [Fact]
    public async Task A_node_joins_the_silo_that_it_is_told()
    {
        await using var silo = await Node.StartAsync(new());
        await using var gateway = await Node.StartAsync(new() { Silo = silo.EndPoint.ToString() });

        await Task.WhenAll(silo.SeeAsync(2), gateway.SeeAsync(2));
    }

    [Fact]
    public async Task Nodes_that_start_at_once_on_an_empty_database_find_each_other()
    {
        var options = Options();
        await using Node one = new(options), two = new(options), three = new(options);

        await Task.WhenAll(one.StartAsync(), two.StartAsync(), three.StartAsync());

        await Task.WhenAll(one.SeeAsync(3), two.SeeAsync(3), three.SeeAsync(3));
    }

    [Fact]
    public async Task A_node_that_leaves_is_not_seen_any_more()
    {
        var options = Options();
        await using var stays = await Node.StartAsync(options);
        await using (await Node.StartAsync(options)) await stays.SeeAsync(2);

        await stays.SeeAsync(1);
    }

    [Fact]
    public async Task A_port_that_is_in_use_is_refused()
    {
        await using var silo = await Node.StartAsync(new());

        var fault = Assert.Throws<IOException>(() => new Node(new() { SiloPort = silo.EndPoint.Port }));

        Assert.Contains($"{silo.EndPoint}", fault.Message, StringComparison.Ordinal);
    }

    NodeOptions Options() => new() { Database = server.ConnectionString, Schema = server.NewSchema().Schema };
}
