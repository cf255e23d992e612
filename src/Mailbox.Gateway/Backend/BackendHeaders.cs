using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The headers that a forwarded request carries.</summary>
static class BackendHeaders
{
    /// <summary>Names the client's mailbox (spec section 6).</summary>
    public const string Token = "Multiplex-Token";

    const string For = "X-Forwarded-For";
    const string Proto = "X-Forwarded-Proto";
    const string OriginalHost = "X-Forwarded-Host";
    const string Forwarded = "Forwarded";
    const int OwnHeaders = 5;

    /// <param name="token">Of the client's mailbox.</param>
    /// <param name="trusts">Whether what the request says of its origin is passed on.</param>
    public static List<KeyValuePair<string, StringValues>> Of(HttpContext http, string token, bool trusts)
    {
        var sent = http.Request.Headers;
        var headers = new List<KeyValuePair<string, StringValues>>(sent.Count + OwnHeaders);
        var connection = sent.Connection;
        foreach (var (name, values) in sent)
            if (!HeaderRules.IsForOneConnection(name, connection) && !HeaderRules.IsOwn(name) && !HeaderRules.IsForged(name, trusts) && !IsReplaced(name))
                headers.Add(new(name, name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? WholeCookie(values) : values));
        headers.Add(new(Token, token));
        AddOrigin(headers, http, trusts ? sent : null);
        return headers;
    }

    static bool IsReplaced(string name) =>
        name.Equals(For, StringComparison.OrdinalIgnoreCase) || name.Equals(Proto, StringComparison.OrdinalIgnoreCase)
        || name.Equals(OriginalHost, StringComparison.OrdinalIgnoreCase) || name.Equals(Forwarded, StringComparison.OrdinalIgnoreCase);

    // HTTP/2 may send the cookies one by one (RFC 9113 section 8.2.3).
    static StringValues WholeCookie(in StringValues values) => values.Count == 1 ? values : string.Join("; ", values.ToArray());

    static void AddOrigin(List<KeyValuePair<string, StringValues>> headers, HttpContext http, IHeaderDictionary? told)
    {
        var client = http.Connection.RemoteIpAddress is { } address ? TextOf(address) : "unknown";
        var host = http.Request.Host.Value ?? "";
        headers.Add(new(For, Appended(told?[For] ?? default, client)));
        headers.Add(new(Proto, told?[Proto] is [{ Length: > 0 } proto, ..] ? proto : http.Request.Scheme));
        if (told?[OriginalHost] is [{ Length: > 0 } first, ..]) headers.Add(new(OriginalHost, first));
        else if (host.Length > 0) headers.Add(new(OriginalHost, host));
        headers.Add(new(Forwarded, Appended(told?[Forwarded] ?? default, Element(client, http.Request.Scheme, host))));
    }

    static string Appended(in StringValues told, string own) => told.Count == 0 ? own : $"{told}, {own}";

    // RFC 7239 section 4; an address of IPv6 stands in brackets, and whatever has a colon in quotes.
    static string Element(string client, string scheme, string host)
    {
        var origin = client.Contains(':', StringComparison.Ordinal) ? $"\"[{client}]\"" : client;
        return host.Length == 0 ? $"for={origin};proto={scheme}" : $"for={origin};proto={scheme};host=\"{host}\"";
    }

    static string TextOf(IPAddress address) =>
        (address.AddressFamily == AddressFamily.InterNetworkV6 && address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
