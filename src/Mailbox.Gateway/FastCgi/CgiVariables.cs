using System.Globalization;
using System.Net;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>What an application is told of a request (RFC 3875 section 4.1, and what web servers tell beside it).</summary>
static class CgiVariables
{
    /// <param name="root">Where the scripts are, absolute; empty for an application that is one program.</param>
    public static FastCgiParameters Of(BackendRequest request, long? bodyLength, string root, string index)
    {
        var variables = new FastCgiParameters();
        AddRequest(variables, request);
        AddScript(variables, CgiScript.Of(CgiPath.Of(request.Target), root, index), root);
        AddEnds(variables, request);
        AddHeaders(variables, request.Headers);
        if (bodyLength is { } length) variables.Add("CONTENT_LENGTH", length.ToString(CultureInfo.InvariantCulture));
        return variables;
    }

    static void AddRequest(FastCgiParameters variables, BackendRequest request)
    {
        variables.Add("GATEWAY_INTERFACE", "CGI/1.1");
        variables.Add("SERVER_SOFTWARE", "Mailbox.Orleans");
        variables.Add("SERVER_PROTOCOL", "HTTP/1.1");
        variables.Add("REQUEST_METHOD", request.Method);
        variables.Add("REQUEST_SCHEME", request.Scheme);
        variables.Add("REQUEST_URI", request.Target);
        variables.Add("QUERY_STRING", CgiPath.QueryOf(request.Target));
        // php-cgi answers nobody who does not say this.
        variables.Add("REDIRECT_STATUS", "200");
        if (request.Scheme == "https") variables.Add("HTTPS", "on");
    }

    static void AddScript(FastCgiParameters variables, in CgiScript script, string root)
    {
        variables.AddBytes("SCRIPT_NAME", script.Name);
        variables.AddBytes("PATH_INFO", script.PathInfo);
        if (root.Length == 0) return;
        variables.Add("DOCUMENT_ROOT", root);
        variables.AddBytes("DOCUMENT_URI", script.Name + script.PathInfo);
        variables.AddBytes("SCRIPT_FILENAME", CgiPath.BytesOf(root) + script.Name);
    }

    static void AddEnds(FastCgiParameters variables, BackendRequest request)
    {
        if (request.Client is { } client) AddEnd(variables, "REMOTE", client);
        if (request.Server is { } server) AddEnd(variables, "SERVER", server);
        var name = HostOf(request.Host);
        variables.Add("SERVER_NAME", name.Length > 0 ? name : request.Server?.Address.ToString() ?? "localhost");
        if (request.Host.Length > 0) variables.AddBytes("HTTP_HOST", request.Host);
    }

    static void AddEnd(FastCgiParameters variables, string which, IPEndPoint end)
    {
        variables.Add($"{which}_ADDR", (end.Address.IsIPv4MappedToIPv6 ? end.Address.MapToIPv4() : end.Address).ToString());
        variables.Add($"{which}_PORT", end.Port.ToString(CultureInfo.InvariantCulture));
    }

    // Without the port; an address of IPv6 keeps its brackets.
    static string HostOf(string host)
    {
        var colon = host.LastIndexOf(':');
        return colon < 0 || host[^1] == ']' ? host : host[..colon];
    }

    static void AddHeaders(FastCgiParameters variables, IReadOnlyList<KeyValuePair<string, StringValues>> headers)
    {
        foreach (var (name, values) in headers)
        {
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)) variables.AddBytes("CONTENT_TYPE", values.ToString());
            else if (IsTold(name)) variables.AddBytes("HTTP_" + name.ToUpperInvariant().Replace('-', '_'), Whole(values));
        }
    }

    // A_B would be taken for A-B, which may be one that the gateway sets. And HTTP_PROXY is a setting to many programs (httpoxy.org).
    static bool IsTold(string name) =>
        name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
        && !name.Equals("Proxy", StringComparison.OrdinalIgnoreCase) && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);

    static string Whole(in StringValues values) => values.Count == 1 ? values.ToString() : string.Join(", ", values.ToArray());
}
