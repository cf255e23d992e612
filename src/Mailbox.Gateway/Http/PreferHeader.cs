using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The header <c>Prefer</c> (RFC 7240). A preference that cannot be read is ignored, and of several alike the first counts.</summary>
static class PreferHeader
{
    /// <summary>The preference <c>wait</c> in seconds; null for none.</summary>
    public static int? Wait(StringValues lines)
    {
        foreach (var line in lines)
            for (ReadOnlySpan<char> rest = line; rest.Length > 0;)
                if (WaitOf(Next(ref rest, ',')) is { } seconds) return seconds;
        return null;
    }

    static int? WaitOf(ReadOnlySpan<char> preference)
    {
        var word = Next(ref preference, ';');
        var name = Next(ref word, '=');
        if (!name.Trim().Equals("wait", StringComparison.OrdinalIgnoreCase)) return null;
        return WholeNumber.TryParse(Unquoted(word.Trim()), out var seconds) && seconds <= int.MaxValue ? (int)seconds : null;
    }

    static ReadOnlySpan<char> Unquoted(ReadOnlySpan<char> word) => word is ['"', .. var inner, '"'] ? inner : word;

    /// <summary>What comes before the separator, which inside a quoted string separates nothing.</summary>
    static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest, char separator)
    {
        var (end, isQuoted) = (0, false);
        for (; end < rest.Length && (isQuoted || rest[end] != separator); end++)
            if (rest[end] == '"') isQuoted = !isQuoted;
            else if (isQuoted && rest[end] == '\\') end++;
        end = Math.Min(end, rest.Length);
        var next = rest[..end];
        rest = end < rest.Length ? rest[(end + 1)..] : default;
        return next;
    }
}
