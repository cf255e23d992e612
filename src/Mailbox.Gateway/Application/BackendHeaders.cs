using System.Buffers;
using System.Collections.Frozen;
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

    /// <param name="token">The token of the client's mailbox.</param>
    /// <param name="trusts">Whether the request's own headers about its origin are passed on.</param>
    public static List<KeyValuePair<string, StringValues>> Of(HttpContext http, string token, bool trusts)
    {
        var sent = http.Request.Headers;
        var headers = new List<KeyValuePair<string, StringValues>>(sent.Count + OwnHeaders);
        var connection = sent.Connection;
        foreach (var (name, values) in sent)
            if (!HeaderRules.IsForOneConnection(name, connection) && !HeaderRules.IsOwn(name) && !HeaderRules.IsForged(name, trusts) && !IsReplaced(name))
                headers.Add(new(name, name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? WholeCookie(values) : values));
        headers.Add(new(Token, token));
        var told = trusts ? sent : null;
        var (client, host, scheme) = ("unknown", http.Request.Host.Value ?? "", http.Request.Scheme);
        if (http.Connection.RemoteIpAddress is { } address) client = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
        headers.Add(new(For, Appended(told?[For] ?? default, client)));
        headers.Add(new(Proto, told?[Proto] is [{ Length: > 0 } proto, ..] ? proto : scheme));
        if (told?[OriginalHost] is [{ Length: > 0 } first, ..]) headers.Add(new(OriginalHost, first));
        else if (host.Length > 0) headers.Add(new(OriginalHost, host));
        // RFC 7239 section 4: an IPv6 address stands in brackets, and a value with a colon in quotes.
        var element = $"for={(client.Contains(':', StringComparison.Ordinal) ? $"\"[{client}]\"" : client)};proto={scheme}";
        headers.Add(new(Forwarded, Appended(told?[Forwarded] ?? default, host.Length == 0 ? element : $"{element};host=\"{host}\"")));
        return headers;
    }

    static bool IsReplaced(string name) =>
        name.Equals(For, StringComparison.OrdinalIgnoreCase) || name.Equals(Proto, StringComparison.OrdinalIgnoreCase)
        || name.Equals(OriginalHost, StringComparison.OrdinalIgnoreCase) || name.Equals(Forwarded, StringComparison.OrdinalIgnoreCase);

    // HTTP/2 may send the cookies one by one (RFC 9113 section 8.2.3).
    static StringValues WholeCookie(in StringValues values) => values.Count == 1 ? values : string.Join("; ", values.ToArray());

    static string Appended(in StringValues told, string own) => told.Count == 0 ? own : $"{told}, {own}";
}

/// <summary>Which headers go through the gateway (RFC 9110 section 7.6.1).</summary>
static class HeaderRules
{
    static readonly FrozenSet<string> s_forOneConnection = FrozenSet.ToFrozenSet(
        [
            "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
            "Transfer-Encoding", "TE", "Upgrade", "HTTP2-Settings",
        ],
        StringComparer.OrdinalIgnoreCase);

    static readonly FrozenSet<string> s_own = FrozenSet.ToFrozenSet(["Host", "Content-Length"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The characters of a header's name (RFC 9110 section 5.6.2).</summary>
    public const string TokenCharacters = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    static readonly SearchValues<char> s_nameCharacters = SearchValues.Create(TokenCharacters);

    /// <summary>Whether all names are tokens (RFC 9110 section 5.1); the server takes some that are not.</summary>
    public static bool AreNames(IHeaderDictionary headers)
    {
        foreach (var (name, _) in headers)
            if (!IsOwn(name) && name.AsSpan().ContainsAnyExcept(s_nameCharacters)) return false;
        return true;
    }

    /// <summary>Whether every server finds the end of the body at the same byte (RFC 9112 section 6).</summary>
    public static bool IsFramed(HttpRequest request)
    {
        var coding = request.Headers.TransferEncoding;
        if (coding.Count == 0) return true;
        // The server has moved a length beside it to this header.
        return request.Protocol == HttpProtocol.Http11 && coding is [{ } only] && only.Equals("chunked", StringComparison.OrdinalIgnoreCase)
            && !request.Headers.ContainsKey("X-Content-Length");
    }

    /// <summary>Whether a header is for the next hop only: by its name, or because <c>Connection</c> lists it.</summary>
    public static bool IsForOneConnection(string name, in StringValues connection) =>
        s_forOneConnection.Contains(name) || Lists(connection, name);

    /// <summary>Whether the gateway sets this header itself. Names with a colon are HTTP/2's.</summary>
    public static bool IsOwn(string name) => s_own.Contains(name) || name is [':', ..];

    /// <summary>Whether a client's header could pass for one that the gateway sets, and is not trusted.</summary>
    public static bool IsForged(string name, bool trustsForwarded) =>
        Alike(name, BackendHeaders.Token) || (!trustsForwarded && (Alike(name, "Forwarded") || StartsAlike(name, "X-Forwarded-")));

    /// <summary>Whether a word stands in a comma-separated list (RFC 9110 section 5.6.1), in any case.</summary>
    public static bool Lists(in StringValues lines, string word)
    {
        foreach (var line in lines)
            foreach (var range in line.AsSpan().Split(','))
                if (line.AsSpan(range).Trim().Equals(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    static bool Alike(string name, string reserved) => name.Length == reserved.Length && StartsAlike(name, reserved);

    // Applications behind CGI and its heirs see HTTP_A_B for both A-B and A_B.
    static bool StartsAlike(string name, string reserved)
    {
        if (name.Length < reserved.Length) return false;
        for (var i = 0; i < reserved.Length; i++)
            if (char.ToLowerInvariant(char.IsAsciiLetterOrDigit(name[i]) ? name[i] : '-') != char.ToLowerInvariant(reserved[i])) return false;
        return true;
    }
}
