using System.Buffers;
using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

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

    static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

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
        // The server has taken a length beside it aside.
        return request.Protocol == HttpProtocol.Http11 && coding is [{ } only] && only.Equals("chunked", StringComparison.OrdinalIgnoreCase)
            && !request.Headers.ContainsKey("X-Content-Length");
    }

    /// <summary>Whether a header is for the next hop only: by itself, or because <c>Connection</c> names it.</summary>
    public static bool IsForOneConnection(string name, in StringValues connection) =>
        s_forOneConnection.Contains(name) || (connection.Count > 0 && IsNamed(name, connection));

    /// <summary>Whether the gateway says this to the application itself. HTTP/2 has names with a colon for it.</summary>
    public static bool IsOwn(string name) => s_own.Contains(name) || name is [':', ..];

    /// <summary>Whether a client's header could be taken for one that the gateway sets, and is not believed.</summary>
    public static bool IsForged(string name, bool trustsForwarded) =>
        Alike(name, BackendHeaders.Token) || (!trustsForwarded && (Alike(name, "Forwarded") || StartsAlike(name, "X-Forwarded-")));

    static bool IsNamed(string name, in StringValues connection)
    {
        foreach (var line in connection)
            foreach (var range in line.AsSpan().Split(','))
                if (line.AsSpan(range).Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
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
