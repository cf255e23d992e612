using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The head of an application's answer (RFC 3875 section 6.3).</summary>
sealed class CgiHead
{
    const int MaxBytes = 64 << 10;
    const int FirstBytes = 4 << 10;
    const int StatusDigits = 3;
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
        var headers = head._headers;
        // Latin-1, as the gateway writes headers: the bytes stay the same.
        foreach (var ended in Encoding.Latin1.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var line = ended.TrimEnd('\r');
            if (line.Length == 0) continue;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0) throw NotAHead("a line of it is no header");
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
            headers[name] = headers.TryGetValue(name, out var before) ? StringValues.Concat(before, value) : value;
        }
        if (headers.Remove("Status", out var told))
        {
            var text = told.ToString();
            if (!TryReadStatus(text, out var status)) throw NotAHead("its status is none");
            (head.Status, head.Reason) = (status, text.Length > StatusDigits + 1 ? text[(StatusDigits + 1)..] : null);
        }
        else if (headers.ContainsKey("Location")) head.Status = Found;
        if (!headers.TryGetValue("Content-Length", out var length)) return head;
        head.Length = BackendAnswer.LengthOf(length) ?? throw NotAHead("its length is none");
        headers["Content-Length"] = head.Length.Value.ToString(CultureInfo.InvariantCulture);
        return head;
    }

    /// <summary>Reads a status line such as <c>404</c> or <c>404 Not Found</c>. Below 200 it would be no final answer.</summary>
    public static bool TryReadStatus(string text, out int status)
    {
        status = WholeNumber.TryParse(text.AsSpan(0, Math.Min(StatusDigits, text.Length)), out var number) ? (int)number : 0;
        return status is >= 200 and <= 599 && (text.Length == StatusDigits || text[StatusDigits] == ' ');
    }

    static BackendException NotAHead(string why) => new(BackendFault.Broken, $"The application's answer does not begin as one: {why}.");
}
