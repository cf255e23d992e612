namespace Mailbox.Gateway;

/// <summary>The path of a request as CGI's variables have it: decoded, without <c>.</c> and <c>..</c>, never above the root.</summary>
static class CgiPath
{
    /// <exception cref="BackendException">It has control characters.</exception>
    public static string Of(string target)
    {
        var path = Uri.UnescapeDataString(PartOf(target, isQuery: false));
        if (path.Any(char.IsControl)) throw new BackendException(BackendFault.NotSendable, "The path of the request has control characters.");
        return Resolve(path);
    }

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
