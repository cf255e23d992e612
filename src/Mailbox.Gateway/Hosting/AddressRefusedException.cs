using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Mailbox.Gateway;

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
