using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// Sets up listening sockets; accepted ones inherit. Heartbeats keep bytes outstanding, and TCP's keep-alive says nothing while they are:
/// then only <c>TCP_USER_TIMEOUT</c> finds a peer that is gone. Parked polls owe no bytes; for them there is keep-alive (tcp(7)).
/// </summary>
sealed class ConfigureSockets(IOptions<GatewayOptions> options) : IConfigureOptions<SocketTransportOptions>
{
    const int Backlog = 8192;
    const int TcpLevel = 6;
    const int UserTimeoutOption = 18;
    const int KeepAliveIdleSeconds = 15;
    const int KeepAliveIntervalSeconds = 5;
    const int KeepAliveProbes = 3;

    public void Configure(SocketTransportOptions transport)
    {
        transport.Backlog = Backlog;
        // Fewer send loops with more to do each write to many connections with less CPU (docs/decisions/held-connections.md).
        transport.IOQueueCount = Math.Max(1, Environment.ProcessorCount / 2);
        transport.CreateBoundListenSocket = Listen;
    }

    Socket Listen(EndPoint address)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        if (address is IPEndPoint && OperatingSystem.IsLinux()) SetTimeouts(socket);
        return socket;
    }

    void SetTimeouts(Socket socket)
    {
        socket.SetRawSocketOption(TcpLevel, UserTimeoutOption, BitConverter.GetBytes((int)options.Value.UserTimeout.TotalMilliseconds));
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveIdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
    }
}
