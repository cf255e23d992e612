using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The head of an application's answer (RFC 3875 section 6.3).</summary>
sealed class CgiHead
{
    const int MaxBytes = 64 << 10;
    const int FirstBytes = 4 << 10;
    const int Ok = 200;
    const int Found = 302;

    readonly Dictionary<string, StringValues> _headers = new(StringComparer.OrdinalIgnoreCase);

    CgiHead()
    {
    }

    public int Status { get; private set; } = Ok;

    /// <summary>Null where the application gave none.</summary>
    public string? Reason { get; private set; }

    public IReadOnlyDictionary<string, StringValues> Headers => _headers;

    public long? Length { get; private set; }

    /// <summary>The bytes of the body that arrived with the head.</summary>
    public ReadOnlyMemory<byte> Rest { get; private set; }

    /// <exception cref="BackendException">The head is malformed or too large.</exception>
    public static async ValueTask<CgiHead> ReadAsync(Stream output, CancellationToken cancel)
    {
        var buffer = new byte[FirstBytes];
        for (var read = 0; ;)
        {
            if (read == buffer.Length) Array.Resize(ref buffer, read < MaxBytes ? 2 * read : throw NotAHead("it is larger than 64 KiB"));
            var more = await output.ReadAsync(buffer.AsMemory(read), cancel).ConfigureAwait(false);
            if (more == 0) throw NotAHead("it ends before its headers do");
            read += more;
            if (EndOf(buffer.AsSpan(0, read)) is > 0 and var end) return Of(buffer.AsSpan(0, end), buffer.AsMemory(end, read - end));
        }
    }

    // Programs end lines with LF or CRLF.
    static int EndOf(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0, line; (line = bytes[at..].IndexOf((byte)'\n')) >= 0;)
        {
            at += line + 1;
            if (bytes[at..] is [(byte)'\n', ..]) return at + 1;
            if (bytes[at..] is [(byte)'\r', (byte)'\n', ..]) return at + 2;
        }
        return 0;
    }

    static CgiHead Of(ReadOnlySpan<byte> bytes, ReadOnlyMemory<byte> rest)
    {
        var head = new CgiHead { Rest = rest };
        // As the gateway writes them: the bytes stay the same.
        foreach (var line in Encoding.Latin1.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries)) head.Add(line.TrimEnd('\r'));
        head.Settle();
        return head;
    }

    void Add(string line)
    {
        if (line.Length == 0) return;
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0) throw NotAHead("a line of it is no header");
        var (name, value) = (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
        _headers[name] = _headers.TryGetValue(name, out var before) ? StringValues.Concat(before, value) : value;
    }

    void Settle()
    {
        if (_headers.Remove("Status", out var status)) (Status, Reason) = StatusOf(status.ToString());
        else if (_headers.ContainsKey("Location")) Status = Found;
        if (!_headers.TryGetValue("Content-Length", out var length)) return;
        Length = BackendAnswer.LengthOf(length) ?? throw NotAHead("its length is none");
        _headers["Content-Length"] = Length.Value.ToString(CultureInfo.InvariantCulture);
    }

    // "404 Not Found". A status below 200 would be no final answer.
    static (int, string?) StatusOf(string text) =>
        text.Length >= 3 && (text.Length == 3 || text[3] == ' ') && WholeNumber.TryParse(text.AsSpan(0, 3), out var status)
        && status is >= 200 and <= 599 ? ((int)status, text.Length > 4 ? text[4..] : null) : throw NotAHead("its status is none");

    static BackendException NotAHead(string why) => new(BackendFault.Broken, $"The application's answer does not begin as one: {why}.");
}
