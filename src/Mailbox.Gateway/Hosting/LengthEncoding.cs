using System.Text;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>
/// Reads <c>Content-Length</c>, which is digits and nothing else (RFC 9110 section 8.6): the server's own parser takes a sign before them,
/// and whoever stands in front of it may not. An encoding, because that is where the server lets a header's bytes be seen; it refuses
/// with 400 what it cannot parse then.
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
