using System.Globalization;
using System.Net;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>The variables of a request (RFC 3875 section 4.1, and those that web servers add).</summary>
static class CgiVariables
{
    /// <param name="root">Where the scripts are, absolute; empty for an application that is one program.</param>
    public static FastCgiParameters Of(BackendRequest request, long? bodyLength, string root, string index)
    {
        var variables = new FastCgiParameters();
        variables.Add("GATEWAY_INTERFACE", "CGI/1.1");
        variables.Add("SERVER_SOFTWARE", "Mailbox.Orleans");
        variables.Add("SERVER_PROTOCOL", "HTTP/1.1");
        variables.Add("REQUEST_METHOD", request.Method);
        variables.Add("REQUEST_SCHEME", request.Scheme);
        variables.Add("REQUEST_URI", request.Target);
        variables.Add("QUERY_STRING", CgiPath.QueryOf(request.Target));
        // php-cgi answers no request without this.
        variables.Add("REDIRECT_STATUS", "200");
        if (request.Scheme == "https") variables.Add("HTTPS", "on");
        var script = CgiScript.Of(CgiPath.Of(request.Target), root, index);
        variables.AddBytes("SCRIPT_NAME", script.Name);
        variables.AddBytes("PATH_INFO", script.PathInfo);
        if (root.Length > 0)
        {
            variables.Add("DOCUMENT_ROOT", root);
            variables.AddBytes("DOCUMENT_URI", script.Name + script.PathInfo);
            variables.AddBytes("SCRIPT_FILENAME", CgiPath.BytesOf(root) + script.Name);
        }
        if (request.Client is { } client) AddEnd(variables, "REMOTE", client);
        if (request.Server is { } server) AddEnd(variables, "SERVER", server);
        // Without the port; an IPv6 address keeps its brackets.
        var host = request.Host;
        var name = host.LastIndexOf(':') is >= 0 and var colon && host[^1] != ']' ? host[..colon] : host;
        variables.Add("SERVER_NAME", name.Length > 0 ? name : request.Server?.Address.ToString() ?? "localhost");
        if (host.Length > 0) variables.AddBytes("HTTP_HOST", host);
        foreach (var (header, values) in request.Headers)
        {
            if (header.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)) variables.AddBytes("CONTENT_TYPE", values.ToString());
            else if (IsPassed(header)) variables.AddBytes("HTTP_" + header.ToUpperInvariant().Replace('-', '_'), values.Count == 1 ? values.ToString() : string.Join(", ", values.ToArray()));
        }
        if (bodyLength is { } length) variables.Add("CONTENT_LENGTH", length.ToString(CultureInfo.InvariantCulture));
        return variables;
    }

    static void AddEnd(FastCgiParameters variables, string which, IPEndPoint end)
    {
        variables.Add($"{which}_ADDR", (end.Address.IsIPv4MappedToIPv6 ? end.Address.MapToIPv4() : end.Address).ToString());
        variables.Add($"{which}_PORT", end.Port.ToString(CultureInfo.InvariantCulture));
    }

    // A_B would look like A-B, which may be a header that the gateway sets. HTTP_PROXY is a setting of many programs (httpoxy.org).
    static bool IsPassed(string name) =>
        name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
        && !name.Equals("Proxy", StringComparison.OrdinalIgnoreCase) && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);
}

/// <summary>The script that a path means, and the rest of the path.</summary>
/// <param name="Name">The part of the path that names the script; empty where the application is one program.</param>
/// <param name="PathInfo">The rest of the path.</param>
readonly record struct CgiScript(string Name, string PathInfo)
{
    /// <param name="path">As <see cref="CgiPath"/> gives it; so is the answer.</param>
    /// <param name="root">Where the scripts are; empty for an application that is one program.</param>
    /// <param name="index">The file of a path that names none.</param>
    public static CgiScript Of(string path, string root, string index)
    {
        if (root.Length == 0) return new("", path);
        if (EndOfScript(path, CgiPath.BytesOf(Path.GetExtension(index))) is > 0 and var end) return new(path[..end], path[end..]);
        // The file may be on another machine: then the script at the root answers everything.
        var file = "/" + CgiPath.BytesOf(index);
        var own = path.TrimEnd('/') + file;
        return new(File.Exists(root + CgiPath.TextOf(own)) ? own : file, "");
    }

    // The first match: the name of an uploaded file behind it must not make a script of it.
    static int EndOfScript(string path, string extension)
    {
        if (extension.Length == 0) return 0;
        for (var at = path.IndexOf(extension, StringComparison.Ordinal); at >= 0; at = path.IndexOf(extension, at + 1, StringComparison.Ordinal))
        {
            var end = at + extension.Length;
            if (path[at - 1] != '/' && (end == path.Length || path[end] == '/')) return end;
        }
        return 0;
    }
}

/// <summary>The path of a request as CGI's variables have it: decoded, without <c>.</c> and <c>..</c>, never above the root.</summary>
static class CgiPath
{
    /// <returns>One character for each byte: an encoded path may be no text (RFC 3986 section 2.1), and the application gets its bytes.</returns>
    /// <exception cref="BackendException">It has control characters.</exception>
    public static string Of(string target)
    {
        var path = PartOf(target, isQuery: false);
        var bytes = new byte[path.Length];
        var length = 0;
        for (var i = 0; i < path.Length; i++)
        {
            bytes[length++] = (byte)path[i];
            if (path[i] != '%' || i + 2 >= path.Length || !byte.TryParse(path.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var one)) continue;
            bytes[length - 1] = one;
            i += 2;
        }
        var decoded = bytes.AsSpan(0, length);
        if (Encoding.UTF8.GetString(decoded).Any(char.IsControl)) throw new BackendException(BackendFault.NotSendable, "The path of the request has control characters.");
        return Resolve(Encoding.Latin1.GetString(decoded));
    }

    /// <summary>A text as <see cref="Of"/> gives a path.</summary>
    public static string BytesOf(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>The text that a path is, for this machine's files.</summary>
    public static string TextOf(string path) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(path));

    public static string QueryOf(string target) => PartOf(target, isQuery: true).ToString();

    static ReadOnlySpan<char> PartOf(string target, bool isQuery)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        if (question < 0) return isQuery ? "" : target;
        return isQuery ? target.AsSpan(question + 1) : target.AsSpan(0, question);
    }

    // RFC 3986 section 5.2.4, after decoding: in a file system a %2e%2e leads up, and a %2f is a slash.
    static string Resolve(string path)
    {
        var kept = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            if (segment == ".." && kept.Count > 0) kept.RemoveAt(kept.Count - 1);
            if (segment is not ("" or "." or "..")) kept.Add(segment);
        }
        var isDirectory = path is [.., '/'] or [.., '/', '.'] or [.., '/', '.', '.'];
        return kept.Count == 0 ? "/" : $"/{string.Join('/', kept)}{(isDirectory ? "/" : "")}";
    }
}
