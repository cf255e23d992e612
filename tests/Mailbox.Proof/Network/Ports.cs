using System.Net;
using System.Net.Sockets;

namespace Mailbox.Proof.Network;

/// <summary>Ports of the loopback interface that nobody had a moment ago.</summary>
static class Ports
{
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
