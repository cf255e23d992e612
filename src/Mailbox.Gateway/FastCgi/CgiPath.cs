using System.Globalization;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>The path of a request as CGI's variables have it: decoded, without <c>.</c> and <c>..</c>, never above the root.</summary>
static class CgiPath
{
    /// <returns>A character for each byte: an encoded path may be no text (RFC 3986 section 2.1), and the application gets its bytes.</returns>
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

    // RFC 3986 section 5.2.4, behind the decoding: a %2e%2e is a way up to a file system, and a %2f a slash.
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
