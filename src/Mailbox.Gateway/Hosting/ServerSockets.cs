using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// Sets options of listening sockets, which accepted ones inherit. Heartbeats keep bytes outstanding, and TCP's keep-alive does not probe
/// then: only <c>TCP_USER_TIMEOUT</c> finds a peer that is gone. Parked polls owe no bytes; keep-alive finds theirs (tcp(7)).
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

/// <summary>Gives the host's shutdown room for the drain and for the deliveries in flight after it.</summary>
sealed class ConfigureShutdown(IOptions<GatewayOptions> options) : IConfigureOptions<HostOptions>
{
    static readonly TimeSpan s_afterDrain = TimeSpan.FromSeconds(10);

    public void Configure(HostOptions host)
    {
        var needed = options.Value.Drain + s_afterDrain;
        if (host.ShutdownTimeout < needed) host.ShutdownTimeout = needed;
    }
}

/// <summary>The server was asked to bind to an address that is not loopback (spec section 8).</summary>
public sealed class AddressRefusedException(IPEndPoint address) : Exception(
    $"Refusing to bind to {address}: this server is open to whoever reaches it, so it binds to loopback addresses only. "
    + "Use --urls http://127.0.0.1:PORT, and put a proxy that authenticates in front of it to offer it to others.");

/// <summary>For processes that serve nothing but mailboxes.</summary>
public static class LoopbackAddresses
{
    /// <summary>Lets the server bind to loopback addresses only: else it ends with an <see cref="AddressRefusedException"/>.</summary>
    public static IServiceCollection BindToLoopbackOnly(this IServiceCollection services) => services.PostConfigure<SocketTransportOptions>(static transport =>
    {
        var listen = transport.CreateBoundListenSocket;
        transport.CreateBoundListenSocket = address =>
            address is IPEndPoint ip && !IPAddress.IsLoopback(ip.Address) ? throw new AddressRefusedException(ip) : listen(address);
    });
}
