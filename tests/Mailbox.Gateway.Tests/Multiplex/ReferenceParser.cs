using System.Text;
using System.Text.RegularExpressions;

namespace Mailbox.Gateway.Tests;

/// <summary>What a multiplexed body means, line by line and without a thought of speed. One character is one byte.</summary>
static partial class ReferenceParser
{
    /// <returns>The whole parts as <see cref="Shown"/>, and whether the body ends after them as it should.</returns>
    public static (List<string> Parts, bool IsGood) Parse(string body)
    {
        var (parts, lines) = (new List<string>(), new Queue<string>(Line().Matches(body).Select(match => match.Value)));
        while (lines.Count > 0 && !IsDelimiter(lines.Peek())) lines.Dequeue();
        if (!lines.TryDequeue(out var delimiter)) return (parts, false);
        var end = delimiter.EndsWith("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        while (KindOf(delimiter) == 'n')
        {
            if (HeadersOf(lines) is not { } headers || BodyOf(lines, end) is not var (text, next) || KindOf(next) == 'x') return (parts, false);
            parts.Add(Shown(headers, text));
            delimiter = next;
        }
        return (parts, KindOf(delimiter) == 'l');
    }

    public static string Shown(IEnumerable<(string Name, string Value)> headers, string body) =>
        string.Concat(headers.Select(field => $"{field.Name.ToLowerInvariant()}={field.Value}\n")) + $"\n{body}";

    /// <summary>Whom a part reaches: tokens are <c>t-NAME</c>.</summary>
    public static (string To, string Groups, string Except) AddressesOf(IReadOnlyList<(string Name, string Value)> headers)
    {
        IEnumerable<string> Of(string header) => headers
            .Where(field => field.Name.Equals(header, StringComparison.OrdinalIgnoreCase))
            .SelectMany(field => field.Value.Split(',')).Select(text => text.Trim(' ', '\t'));
        static string Read(string text) =>
            text.StartsWith("t-", StringComparison.Ordinal) && MailboxName.TryParse(text[2..], out _) ? text[2..] : text;
        return (
            string.Join(' ', [.. Of("Multiplex-Token").Select(Read), .. Of("Mailbox").Select(Read)]), string.Join(' ', Of("Group")), string.Join(' ', Of("Except").Select(Read)));
    }

    static bool IsDelimiter(string line) => line.StartsWith("--" + Bodies.Boundary, StringComparison.Ordinal);

    // 'n'ext, 'l'ast, or neither.
    static char KindOf(string line)
    {
        if (DelimiterRest().Match(line[(2 + Bodies.Boundary.Length)..]) is not { Success: true } rest) return 'x';
        return rest.Groups[1].Success ? 'l' : line.EndsWith('\n') ? 'n' : 'x';
    }

    static List<(string Name, string Value)>? HeadersOf(Queue<string> lines)
    {
        var fields = new List<string>();
        while (lines.TryDequeue(out var line) && line.EndsWith('\n') && !IsDelimiter(line))
        {
            if (line is "\n" or "\r\n") return Read(fields);
            if (line[0] is ' ' or '\t' && fields.Count > 0) fields[^1] += line;
            else fields.Add(line);
        }
        return null;
    }

    static List<(string Name, string Value)>? Read(List<string> fields)
    {
        var read = fields.ConvertAll(FieldOf);
        return read.Contains(null) ? null : read.ConvertAll(field => field!.Value);
    }

    static (string Name, string Value)? FieldOf(string text)
    {
        var field = Field().Match(text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text[..^1]);
        var value = field.Groups[2].Value.Replace("\r\n", "  ", StringComparison.Ordinal).Replace('\n', ' ');
        if (!field.Success || value.Any(one => one < ' ' && one != '\t' || one == '\u007f')) return null;
        try
        {
            return (field.Groups[1].Value, new UTF8Encoding(false, true).GetString(Encoding.Latin1.GetBytes(value)).Trim(' ', '\t'));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    static (string Body, string Next)? BodyOf(Queue<string> lines, string end)
    {
        var body = "";
        while (lines.TryDequeue(out var line))
        {
            if (IsDelimiter(line) && (body.Length == 0 || body.EndsWith(end, StringComparison.Ordinal)))
                return body.Length - end.Length > Bodies.MaxBodyBytes ? null : (body.Length == 0 ? "" : body[..^end.Length], line);
            body += line;
        }
        return null;
    }

    [GeneratedRegex(@"[^\n]*\n|[^\n]+\z")]
    private static partial Regex Line();

    [GeneratedRegex(@"\A(?=[^\n]{0,1024}(?:\n|\z))(--)?[ \t]*\r?\n?\z")]
    private static partial Regex DelimiterRest();

    [GeneratedRegex(@"\A([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)\z", RegexOptions.Singleline)]
    private static partial Regex Field();
}
