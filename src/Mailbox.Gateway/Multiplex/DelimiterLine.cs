using System.Buffers;

namespace Mailbox.Gateway;

/// <summary>The rest of a line that begins with a boundary: <c>--</c> at the end of all parts, then blanks (RFC 2046 section 5.1.1).</summary>
/// <param name="End">After the line, its end included.</param>
/// <param name="EndsWithReturn">The line ends with CRLF.</param>
readonly record struct DelimiterLine(DelimiterKind Kind, SequencePosition End, bool EndsWithReturn)
{
    public const int MaxPadding = 1 << 10;

    /// <param name="rest">What comes after the boundary.</param>
    /// <param name="isLast">Nothing comes after <paramref name="rest"/>: then the last delimiter needs no end.</param>
    public static DelimiterLine Read(in ReadOnlySequence<byte> rest, bool isLast)
    {
        var end = rest.PositionOf((byte)'\n');
        var line = end is { } at ? rest.Slice(0, at) : rest;
        if (line.Length > MaxPadding) return new(DelimiterKind.Malformed, default, false);
        if (end is null && !isLast) return default;
        return new(KindOf(Text(line, out var endsWithReturn), end is not null), end is { } after ? rest.GetPosition(1, after) : rest.End, endsWithReturn);
    }

    static ReadOnlySpan<byte> Text(in ReadOnlySequence<byte> line, out bool endsWithReturn)
    {
        var text = line.IsSingleSegment ? line.FirstSpan : line.ToArray();
        endsWithReturn = text is [.., (byte)'\r'];
        return endsWithReturn ? text[..^1] : text;
    }

    static DelimiterKind KindOf(ReadOnlySpan<byte> text, bool hasEnd)
    {
        var isLast = text.StartsWith("--"u8);
        if (text[(isLast ? 2 : 0)..].ContainsAnyExcept((byte)' ', (byte)'\t')) return DelimiterKind.Malformed;
        if (isLast) return DelimiterKind.Last;
        return hasEnd ? DelimiterKind.Next : DelimiterKind.Incomplete;
    }
}
