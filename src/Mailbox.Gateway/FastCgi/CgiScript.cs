namespace Mailbox.Gateway;

/// <summary>Which script a path means, and what of the path is left for it.</summary>
/// <param name="Name">The part of the path that names the script; empty where the application is one program.</param>
/// <param name="PathInfo">The rest of the path.</param>
readonly record struct CgiScript(string Name, string PathInfo)
{
    /// <param name="path">As <see cref="CgiPath"/> gives it; so is the answer.</param>
    /// <param name="root">Where the scripts are; empty for an application that is one program.</param>
    /// <param name="index">The file that is meant by a path without one.</param>
    public static CgiScript Of(string path, string root, string index)
    {
        if (root.Length == 0) return new("", path);
        if (EndOfScript(path, CgiPath.BytesOf(Path.GetExtension(index))) is > 0 and var end) return new(path[..end], path[end..]);
        // The file may be on another machine: then the one at the root answers everything.
        var file = "/" + CgiPath.BytesOf(index);
        var own = path.TrimEnd('/') + file;
        return new(File.Exists(root + CgiPath.TextOf(own)) ? own : file, "");
    }

    // The first one: what an upload is called behind it must not make a script of it.
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
