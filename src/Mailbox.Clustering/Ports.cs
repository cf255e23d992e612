using System.Net;
using System.Net.Sockets;

namespace Mailbox.Clustering;

/// <summary>
/// Ports of the cluster. Orleans must know its port before it listens, and shares it with whoever asks for the same one (it sets
/// <c>SO_REUSEPORT</c>): two processes would answer for one address. So it is asked before whether the port is free.
/// </summary>
static class Ports
{
    /// <param name="port">0 for any.</param>
    /// <exception cref="IOException">The port is in use, or the address is not of this machine.</exception>
    public static IPEndPoint Free(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen();
            return (IPEndPoint)socket.LocalEndPoint!;
        }
        catch (SocketException fault)
        {
            throw new IOException($"The cluster's port {new IPEndPoint(address, port)} cannot be had: {fault.Message}.", fault);
        }
    }
}
