using System.Net;
using System.Net.Sockets;
using Mailbox.Storage;
using Mailbox.Storage.Tests.PostgreSql;
using Mailbox.Tests;
using Npgsql;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>A process that starts while its database does not answer.</summary>
public sealed class DatabaseStartTests(PostgresServer server)
{
    readonly int _port = Ports.Free();
    readonly Leaps _time = new();
    readonly List<string> _said = [];

    [Fact]
    public async Task It_is_tried_for_30_seconds_which_is_said_once_and_then_given_up_with_one_line()
    {
        var attempts = 0;

        var fault = await Assert.ThrowsAsync<StoreException>(() => AwaitAsync(() =>
        {
            attempts++;
            return new NpgsqlException("Nobody is there.", new SocketException((int)SocketError.ConnectionRefused));
        }));

        Assert.Equal((TimeSpan.FromSeconds(30), 31), (_time.Passed, attempts));
        Assert.Equal("The cluster's database does not answer, and is tried for 30 s: Nobody is there.", Assert.Single(_said));
        Assert.Equal("The cluster's database has not answered for 30 s: Nobody is there.", fault.Message);
    }

    [Fact]
    public async Task What_it_answers_is_not_waited_for()
    {
        await AwaitAsync(static () => new PostgresException("no such user", "FATAL", "FATAL", PostgresErrorCodes.InvalidPassword));

        Assert.Equal(TimeSpan.Zero, _time.Passed);
        Assert.Empty(_said);
    }

    [Theory]
    [InlineData("Silo")]
    [InlineData("Gateway")]
    public async Task A_process_starts_when_the_database_answers_within_that_time(string host)
    {
        var schema = server.NewSchema().Schema;
        await using var silo = host == "Gateway" ? Start("Silo", schema, new NpgsqlConnectionStringBuilder(server.ConnectionString).Port) : null;
        if (silo is not null) await silo.UntilAsync(HttpStatusCode.OK);
        await using var process = Start(host, schema, _port);
        await process.UntilToldAsync("The cluster's database does not answer");

        using var opened = new Passage(_port, new NpgsqlConnectionStringBuilder(server.ConnectionString).Port);

        await process.UntilAsync(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Silo")]
    [InlineData("Gateway")]
    public async Task A_process_that_is_told_to_stop_meanwhile_ends(string host)
    {
        await using var process = Start(host, "any", _port);
        await process.UntilToldAsync("The cluster's database does not answer");

        Assert.Equal(0, await process.TerminateAsync());
        Assert.Single(process.Errors);
    }

    Task AwaitAsync(Func<NpgsqlException?> connect) =>
        new DatabaseStart(_time, _said.Add).AwaitAsync(_ => connect() is { } fault ? Task.FromException(fault) : Task.CompletedTask, TestContext.Current.CancellationToken);

    HostProcess Start(string host, string schema, int port) => new(
        host, Ports.Free(), "--Mailbox:Cluster:Schema", schema,
        "--Mailbox:Cluster:Database", new NpgsqlConnectionStringBuilder(server.ConnectionString) { Port = port }.ConnectionString);
}
