using System.Net;
using System.Net.Sockets;
using Mailbox.Storage.Tests;
using Mailbox.Tests;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>What the operator of a process is told when it starts, or why it does not.</summary>
public sealed class HostStartTests : IDisposable
{
    readonly TemporaryDirectory _data = new();
    readonly int _siloPort = Ports.Free();

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("SiloPort")]
    [InlineData("ClientPort")]
    public async Task A_silo_whose_port_is_taken_ends_with_one_line(string key)
    {
        using var other = new TcpListener(IPAddress.Loopback, _siloPort);
        other.Start();
        await using var silo = StartSilo("one", $"--Mailbox:Cluster:{key}", $"{_siloPort}");

        Assert.Equal(1, await silo.EndAsync());
        Assert.Equal($"The cluster's port 127.0.0.1:{_siloPort} cannot be had: Address already in use.", Assert.Single(silo.Errors));
        Assert.Empty(silo.Output);
    }

    [Fact]
    public async Task Of_two_silos_that_start_at_once_with_one_port_one_starts_and_the_other_ends_with_one_line()
    {
        await using HostProcess one = StartSilo("one"), other = StartSilo("other");
        Task<int> oneEnds = one.EndAsync(), otherEnds = other.EndAsync();

        var ended = await Task.WhenAny(oneEnds, otherEnds);
        var (loser, winner) = ended == oneEnds ? (one, other) : (other, one);
        Assert.Equal(1, await ended);
        Assert.Contains($"127.0.0.1:{_siloPort}", Assert.Single(loser.Errors), StringComparison.Ordinal);
        await winner.UntilAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_silo_and_a_gateway_tell_where_they_listen_and_what_is_open_and_nothing_else()
    {
        await using var silo = StartSilo("one");
        await silo.UntilAsync(HttpStatusCode.OK);
        await using var gateway = new HostProcess("Gateway", Ports.Free(), "--Mailbox:Cluster:Silo", $"127.0.0.1:{_siloPort}");
        await gateway.UntilAsync(HttpStatusCode.OK);
        // The first call to a mailbox looks for a place for it.
        using (var answer = await gateway.Http.PostAsync("/mailboxes/a", new StringContent("hello"), TestContext.Current.CancellationToken)) Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        foreach (var host in new[] { silo, gateway })
        {
            // The last line comes after the process is ready.
            await host.UntilSaidAsync("Open http");
            // A machine with far too much to do may rightly be warned of.
            Assert.Collection(
                host.Output.Where(static line => !line.StartsWith("warn: Orleans.", StringComparison.Ordinal) || line.Contains("Watchdog", StringComparison.Ordinal)),
                line => Assert.Contains($"Now listening on: {host.Http.BaseAddress!.ToString().TrimEnd('/')}", line, StringComparison.Ordinal),
                static line => Assert.Contains("Running open", line, StringComparison.Ordinal),
                line => Assert.EndsWith($"Open {host.Http.BaseAddress!.ToString().TrimEnd('/')}", line, StringComparison.Ordinal));
        }
        Assert.Matches(@"^Opened 0 mailboxes in \d+\.\d s\.$", Assert.Single(silo.Errors));
        Assert.Empty(gateway.Errors);
    }

    HostProcess StartSilo(string name, params string[] arguments) =>
        new("Silo", Ports.Free(), ["--Mailbox:Data", _data[name], .. arguments.Length > 0 ? arguments : ["--Mailbox:Cluster:SiloPort", $"{_siloPort}"]]);
}
