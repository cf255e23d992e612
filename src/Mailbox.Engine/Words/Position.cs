using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Mailbox;

/// <summary>
/// Where a reader is in a mailbox: the number of the last message it has, in one incarnation (epoch) of the mailbox.
/// Text form <c>EPOCH.SEQUENCE</c>, opaque to clients, the same on every transport (spec M4). Sequence 0 is before the first message.
/// </summary>
public readonly record struct Position(ulong Epoch, long Sequence)
{
    /// <summary>The longest text form, in characters: 16 hexadecimal digits, a dot, 19 decimal digits.</summary>
    public const int MaxTextLength = 16 + 1 + 19;

    static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    public static bool TryParse(ReadOnlySpan<char> text, out Position position)
    {
        position = default;
        var dot = text.IndexOf('.');
        if (dot is < 1 or > 16) return false;
        var hex = text[..dot];
        var digits = text[(dot + 1)..];
        // The framework's parsers take NULs behind the digits, whatever the style says.
        if (digits.Length is < 1 or > 19 || hex.ContainsAnyExcept(s_hexDigits) || digits.ContainsAnyExceptInRange('0', '9')) return false;
        if (!ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var epoch)) return false;
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)) return false;
        position = new(epoch, sequence);
        return true;
    }

    /// <summary>Writes the text form as ASCII.</summary>
    /// <param name="utf8">At least <see cref="MaxTextLength"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    public int Format(Span<byte> utf8)
    {
        Utf8Formatter.TryFormat(Epoch, utf8, out var written, new('x'));
        utf8[written++] = (byte)'.';
        Utf8Formatter.TryFormat(Sequence, utf8[written..], out var digits);
        return written + digits;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch:x}.{Sequence}");
}
