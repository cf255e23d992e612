using System.Globalization;
using Mailbox.Tests;
using Xunit;

namespace Mailbox.Proof.Tests;

/// <summary>Where the processes of a run listen.</summary>
public sealed class PortsTests
{
    [Fact]
    public void No_port_is_one_that_an_outgoing_connection_could_have_and_none_is_given_twice()
    {
        var first = int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split()[0], CultureInfo.InvariantCulture);
        int[] ports = [.. Enumerable.Range(0, 500).Select(static _ => Ports.Free())];
        Assert.All(ports, port => Assert.InRange(port, 1024, first - 1));
        Assert.Equal(ports.Length, ports.Distinct().Count());
    }
}
