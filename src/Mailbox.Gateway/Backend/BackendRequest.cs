using System.Net;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>What the application behind the gateway is asked.</summary>
sealed class BackendRequest
{
    public required string Method { get; init; }

    /// <summary>Path and query as they were sent, neither decoded nor normalised; begins with <c>/</c>.</summary>
    public required string Target { get; init; }

    /// <summary><c>http</c> or <c>https</c>: how the client reached the gateway.</summary>
    public string Scheme { get; init; } = "http";

    /// <summary>The authority that the client asked for.</summary>
    public string Host { get; init; } = "";

    public IPEndPoint? Client { get; init; }

    /// <summary>Where the client reached the gateway.</summary>
    public IPEndPoint? Server { get; init; }

    /// <summary>
    /// With the token and what tells of the client (<c>Forwarded</c>, <c>X-Forwarded-*</c>). Without <c>Host</c>, <c>Content-Length</c> and
    /// whatever holds for one connection only (RFC 9110 section 7.6.1).
    /// </summary>
    public required IReadOnlyList<KeyValuePair<string, StringValues>> Headers { get; init; }

    /// <summary>Null for none. Not to be disposed of; a read that throws means that the client broke off, and so must the request.</summary>
    public Stream? Body { get; init; }

    /// <summary>Null where it is not known before the body has ended.</summary>
    public long? BodyLength { get; init; }

    /// <summary>The protocol that the connection is to be changed to, such as <c>websocket</c>. A backend that cannot ignores it.</summary>
    public string? Upgrade { get; init; }
}
