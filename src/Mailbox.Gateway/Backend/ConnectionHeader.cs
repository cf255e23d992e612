using System.Text;

namespace Mailbox.Gateway;

/// <summary>
/// Keeps a request's <c>Connection</c> whole. The server replaces a list that has one of its own words (<c>keep-alive</c>, <c>close</c>,
/// <c>upgrade</c>) by that word alone, and with it goes what the list names, which must not be passed on (RFC 9110 section 7.6.1). It keeps a
/// list that has two of them, so such a list is decoded with a second one. <c>close</c> is stronger than <c>keep-alive</c>: of a list that
/// asks for <c>keep-alive</c> and names fields the connection ends with the answer, which any server may do.
/// </summary>
sealed class ConnectionHeader : Encoding
{
    const string KeepAlive = "keep-alive";
    const string Close = "close";

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

    public override int GetMaxCharCount(int byteCount) => byteCount + Close.Length + KeepAlive.Length + 4;

    static string Whole(ReadOnlySpan<byte> bytes)
    {
        var text = Latin1.GetString(bytes);
        // What the server says of any other header.
        if (text.Contains('\0', StringComparison.Ordinal)) throw new DecoderFallbackException("A header has a NUL.");
        var (keepsAlive, closes, upgrades, names) = (false, false, false, false);
        foreach (var range in text.AsSpan().Split(','))
        {
            var word = text.AsSpan(range).Trim(" \t");
            if (word.Equals(KeepAlive, StringComparison.OrdinalIgnoreCase)) keepsAlive = true;
            else if (word.Equals(Close, StringComparison.OrdinalIgnoreCase)) closes = true;
            else if (word.Equals("upgrade", StringComparison.OrdinalIgnoreCase)) upgrades = true;
            else names |= word.Length > 0;
        }
        if (!names) return text;
        if (keepsAlive && !closes && !upgrades) return $"{text}, {Close}";
        return (closes || upgrades) && !keepsAlive ? $"{text}, {KeepAlive}" : text;
    }
}
