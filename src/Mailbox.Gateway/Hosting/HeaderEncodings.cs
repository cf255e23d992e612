using System.Text;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>
/// Reads <c>Content-Length</c>, which is digits and nothing else (RFC 9110 section 8.6). The server's own parser accepts a sign before
/// them, and a proxy in front may not: then the two disagree about where the body ends. An encoding, because the server shows a header's
/// bytes only there; it refuses the result with 400.
/// </summary>
sealed class LengthEncoding : Encoding
{
    const char NoDigit = '?';

    static readonly LengthEncoding s_length = new();

    /// <param name="others">For all other headers; null for the server's default.</param>
    public static Func<string, Encoding?> Select(Encoding? others) => name => name == HeaderNames.ContentLength ? s_length : others;

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        if (bytes.Length <= chars.Length && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return Latin1.GetChars(bytes, chars);
        chars[0] = NoDigit;
        return 1;
    }

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    public override int GetCharCount(byte[] bytes, int index, int count) => Math.Max(count, 1);

    public override int GetMaxCharCount(int byteCount) => Math.Max(byteCount, 1);

    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetMaxByteCount(int charCount) => Latin1.GetMaxByteCount(charCount);
}

/// <summary>
/// Keeps a request's <c>Connection</c> whole. The server replaces its value by the one option of its own (<c>keep-alive</c>, <c>close</c>,
/// <c>upgrade</c>) that it finds, and so loses the headers that it names, which must not be passed on (RFC 9110 section 7.6.1). The server
/// leaves a value with two of its options alone, so a line that names headers is decoded with two. Because <c>close</c> is the stronger,
/// the connection then ends with the answer, as any server's may.
/// </summary>
sealed class ConnectionHeader : Encoding
{
    const string KeepAlive = "keep-alive";
    const string Close = "close";
    const string Upgrade = "upgrade";

    /// <summary>For <c>KestrelServerOptions.RequestHeaderEncodingSelector</c>, as the encoding of this header.</summary>
    public static Encoding Encoding { get; } = new ConnectionHeader();

    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetCharCount(byte[] bytes, int index, int count) => Whole(bytes.AsSpan(index, count)).Length;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var text = Whole(bytes.AsSpan(byteIndex, byteCount));
        text.CopyTo(chars.AsSpan(charIndex));
        return text.Length;
    }

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => 2 * byteCount + Close.Length + KeepAlive.Length + 4;

    static string Whole(ReadOnlySpan<byte> bytes)
    {
        var text = Latin1.GetString(bytes);
        // The server refuses a NUL in any other header, too.
        if (text.Contains('\0', StringComparison.Ordinal)) throw new DecoderFallbackException("A header has a NUL.");
        var words = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.All(IsServers)) return text;
        return string.Join(", ", [.. words, .. words.Contains(Upgrade, StringComparer.OrdinalIgnoreCase) ? [KeepAlive] : new[] { Close, KeepAlive }]);
    }

    static bool IsServers(string word) =>
        word.Equals(KeepAlive, StringComparison.OrdinalIgnoreCase) || word.Equals(Close, StringComparison.OrdinalIgnoreCase) || word.Equals(Upgrade, StringComparison.OrdinalIgnoreCase);
}
