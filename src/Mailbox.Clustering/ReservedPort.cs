using System.Net;
using System.Net.Sockets;

namespace Mailbox.Clustering;

/// <summary>
/// A port of the cluster that this process has until the host is disposed of. Orleans must know its port before it listens, and shares it
/// with whoever asks for the same one (it sets <c>SO_REUSEPORT</c>): two silos would answer for one address. So the port is taken here, in
/// a way that lets Orleans listen on it, and no connection, no other program and no other silo can have it.
/// </summary>
sealed class ReservedPort : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    readonly Socket _bound;
    readonly Socket? _name;

    ReservedPort(Socket bound, Socket? name) => (_bound, _name) = (bound, name);

    public IPEndPoint EndPoint => (IPEndPoint)_bound.LocalEndPoint!;

    /// <param name="address">Of this machine.</param>
    /// <param name="port">0 for any.</param>
    /// <exception cref="IOException">The port is in use, or the address is not of this machine.</exception>
    public static ReservedPort Take(IPAddress address, int port)
    {
        Socket? bound = null;
        try
        {
            var found = Free(new(address, port));
            bound = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            bound.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            // Bound and not listening: an outgoing connection is never given this port, and nobody connects to this socket.
            bound.Bind(found);
            return new(bound, Name(found));
        }
        catch (SocketException fault)
        {
            bound?.Dispose();
            throw new IOException($"The cluster's port {new IPEndPoint(address, port)} cannot be had: {fault.Message}.", fault);
        }
    }

    /// <summary>Nothing: the host makes this so that it is disposed of with the host.</summary>
    public void Participate(ISiloLifecycle observer)
    {
    }

    public void Dispose()
    {
        _bound.Dispose();
        _name?.Dispose();
    }

    /// <summary>Fails where somebody listens, also one that shares the port.</summary>
    static IPEndPoint Free(IPEndPoint wanted)
    {
        using var socket = new Socket(wanted.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(wanted);
        socket.Listen();
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>
    /// Fails where another silo has the same port and does not listen yet. A name in Linux's abstract namespace has one owner, and the kernel
    /// frees it when the process ends.
    /// </summary>
    static Socket? Name(IPEndPoint port)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var name = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            name.Bind(new UnixDomainSocketEndPoint($"\0mailbox/{port}"));
            return name;
        }
        catch (SocketException)
        {
            name.Dispose();
            throw;
        }
    }
}
