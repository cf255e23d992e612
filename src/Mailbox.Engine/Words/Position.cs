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

/// <summary>Numbers that a reader will not get (spec M10).</summary>
/// <param name="From">Exclusive. The reader's old position where the reason is <see cref="GapReason.Epoch"/>.</param>
/// <param name="To">Inclusive; also the reader's position once it has been told.</param>
public sealed record Gap(Position From, Position To, GapReason Reason);

/// <summary>
/// Why numbers are missing before a message (spec M10). Where adjacent holes have different reasons the gap that covers them tells
/// the highest value here: the one a reader can do least about.
/// </summary>
public enum GapReason : byte
{
    /// <summary>Another reader acknowledged them.</summary>
    Acknowledged = 1,

    /// <summary>Their time to live ended.</summary>
    Ttl,

    /// <summary>The mailbox's bounds pushed them out.</summary>
    Overflow,

    /// <summary>They were given out at a durability weaker than what happened since.</summary>
    Lost,

    /// <summary>The mailbox was removed and made again, or its store restored from a backup.</summary>
    Epoch,
}
