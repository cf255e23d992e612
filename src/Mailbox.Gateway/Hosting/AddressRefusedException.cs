using System.Net;

namespace Mailbox.Gateway;

/// <summary>The server was asked to bind to an address that is not loopback (spec section 8).</summary>
public sealed class AddressRefusedException(IPEndPoint address) : Exception(
    $"Refusing to bind to {address}: this server is open to whoever reaches it, so it binds to loopback addresses only. "
    + "Use --urls http://127.0.0.1:PORT, and put a proxy that authenticates in front of it to offer it to others.");
