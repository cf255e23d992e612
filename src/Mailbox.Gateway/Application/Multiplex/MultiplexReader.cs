using System.Buffers;
using System.IO.Pipelines;

namespace Mailbox.Gateway;

/// <summary>
/// Splits a multiplexed body into parts while it arrives (RFC 2046 section 5.1; spec section 6). Keeps at most one part, however many
/// there are and however slowly they come. For one caller at a time; leaves the pipe to its owner.
/// </summary>
/// <remarks>
/// <para>The line of the first delimiter decides whether delimiters begin with CRLF or with a bare LF; then only that does, so that bodies
/// may have the other at will. Lines that are no body's may end with either.</para>
/// <para>A line that begins with the boundary is a delimiter, whatever follows (the prefix rule). If anything but blanks follows, sender
/// and gateway would not agree on what it is, so the body is malformed.</para>
/// </remarks>
/// <param name="boundary">As <see cref="MultiplexMediaType.BoundaryOf"/> gives it.</param>
/// <param name="maxBodyBytes">Of one part.</param>
/// <param name="isEncoded">Whether a content coding lies below: its end must arrive, too, or the body was cut off.</param>
sealed class MultiplexReader(PipeReader body, string boundary, int maxBodyBytes, bool isEncoded = false)
{
    readonly byte[] _delimiter = System.Text.Encoding.ASCII.GetBytes("\r\n--" + boundary);

    Expected _expected;
    bool _hasBareLines;

    // The buffered bytes that were searched in vain: a sender of single bytes must not cause a full search for each.
    long _searched;
    PartHeaders _headers = new();
    long _headerBytes;
    MultiplexPart? _part;
    Problem? _problem;

    enum Expected : byte
    {
        Preamble,
        RestOfPreambleLine,
        Header,
        Body,
        EndOfCoding,
        Nothing,
    }

    ReadOnlySpan<byte> Delimiter => _delimiter.AsSpan(_hasBareLines ? 1 : 0);

    ReadOnlySpan<byte> DashBoundary => _delimiter.AsSpan(2);

    bool IsDone => _part is not null || _expected == Expected.Nothing;

    static Problem TooManyHeaders { get; } = new(
        ProblemKinds.TooLarge, $"The headers of a part are more than {PartHeaders.MaxCount}, or than {PartHeaders.MaxBytes} bytes.");

    /// <summary>Reads to the end of the next part. After a problem, or at the end, it returns the same again.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; the reader can be used on.</exception>
    public async ValueTask<PartRead> ReadAsync(CancellationToken cancel = default)
    {
        _part = null;
        while (!IsDone)
        {
            var isBroken = false;
            try
            {
                var read = await body.ReadAsync(cancel).ConfigureAwait(false);
                isBroken = !Advance(read.Buffer, read.IsCompleted);
            }
            // A broken content coding; InvalidOperationException is Brotli's.
            catch (Exception fault) when (fault is IOException or InvalidDataException or InvalidOperationException)
            {
                isBroken = true;
            }
            if (isBroken) Fail(JsonRequest.Bad("the body", "breaks off"));
        }
        return new(_part, _part is null ? _problem : null);
    }

    // False where bytes are missing and none will come.
    bool Advance(ReadOnlySequence<byte> unread, bool isLast)
    {
        while (!IsDone && Step(ref unread, isLast)) _searched = 0;
        body.AdvanceTo(unread.Start, IsDone ? unread.Start : unread.End);
        return IsDone || !isLast;
    }

    // False where bytes are missing.
    bool Step(ref ReadOnlySequence<byte> unread, bool isLast) => _expected switch
    {
        Expected.Preamble => ReadPreamble(ref unread, isLast),
        Expected.RestOfPreambleLine => SkipLine(ref unread),
        Expected.Header => ReadHeader(ref unread),
        Expected.EndOfCoding => SkipToEnd(ref unread, isLast),
        _ => ReadBody(ref unread, isLast),
    };

    bool ReadPreamble(ref ReadOnlySequence<byte> unread, bool isLast)
    {
        if (StartsWith(unread, DashBoundary)) return ReadDelimiter(ref unread, 0, DashBoundary.Length, isLast);
        if (unread.Length < DashBoundary.Length && unread.PositionOf((byte)'\n') is null) return false;
        _expected = Expected.RestOfPreambleLine;
        return true;
    }

    // A line of the preamble may have any length, and is not kept.
    bool SkipLine(ref ReadOnlySequence<byte> unread)
    {
        var end = unread.PositionOf((byte)'\n');
        unread = unread.Slice(end is { } at ? unread.GetPosition(1, at) : unread.End);
        if (end is null) return false;
        _expected = Expected.Preamble;
        return true;
    }

    bool SkipToEnd(ref ReadOnlySequence<byte> unread, bool isLast)
    {
        unread = unread.Slice(unread.End);
        if (isLast) _expected = Expected.Nothing;
        return isLast;
    }

    bool ReadHeader(ref ReadOnlySequence<byte> unread)
    {
        var length = StartsWith(unread, "\n"u8) ? 1 : StartsWith(unread, "\r\n"u8) ? 2 : 0;
        if (length > 0)
        {
            unread = unread.Slice(length);
            _expected = Expected.Body;
            return true;
        }
        if (StartsWith(unread, DashBoundary)) return Fail(JsonRequest.Bad("the headers of a part", "do not end with an empty line"));
        var end = EndOfField(unread);
        if (_headerBytes + (end < 0 ? unread.Length : end) > PartHeaders.MaxBytes) return Fail(TooManyHeaders);
        if (end < 0) return false;
        var field = unread.Slice(0, end);
        var bytes = field.IsSingleSegment ? field.FirstSpan : field.ToArray();
        if (_headers.Fields.Count == PartHeaders.MaxCount) return Fail(TooManyHeaders);
        if (_headers.Add(bytes is [.., (byte)'\r'] ? bytes[..^1] : bytes) is { } fault) return Fail(JsonRequest.Bad("a part", fault));
        _headerBytes += end + 1;
        unread = unread.Slice(end + 1);
        return true;
    }

    // A field continues on a line that begins with a blank, so its end is known when the next line has begun.
    long EndOfField(in ReadOnlySequence<byte> unread)
    {
        var first = unread.FirstSpan;
        var near = _searched < first.Length ? first[(int)_searched..].IndexOf((byte)'\n') + (int)_searched : -1;
        if (near >= _searched && near + 1 < first.Length && first[near + 1] is not ((byte)' ' or (byte)'\t')) return near;
        var reader = new SequenceReader<byte>(unread);
        reader.Advance(_searched);
        while (reader.TryAdvanceTo((byte)'\n'))
        {
            _searched = reader.Consumed - 1;
            if (!reader.TryPeek(out var next)) return -1;
            if (next is not ((byte)' ' or (byte)'\t')) return _searched;
        }
        _searched = unread.Length;
        return -1;
    }

    bool ReadBody(ref ReadOnlySequence<byte> unread, bool isLast)
    {
        // The end of the empty line is that of the delimiter too.
        if (StartsWith(unread, DashBoundary)) return ReadDelimiter(ref unread, 0, DashBoundary.Length, isLast);
        var length = IndexOf(unread, Delimiter, _searched);
        _searched = length >= 0 ? length : Math.Max(0, unread.Length - Delimiter.Length + 1);
        if (_searched > maxBodyBytes) return Fail(Problem.TooLarge(maxBodyBytes));
        return length >= 0 && ReadDelimiter(ref unread, length, Delimiter.Length, isLast);
    }

    /// <param name="at">The start of the delimiter, and end of the part's body.</param>
    bool ReadDelimiter(ref ReadOnlySequence<byte> unread, long at, int length, bool isLast)
    {
        var line = DelimiterLine.Read(unread.Slice(at + length), isLast);
        if (line.Kind == DelimiterKind.Incomplete) return false;
        if (line.Kind == DelimiterKind.Malformed) return Fail(JsonRequest.Bad("the body", "has a line that begins with the boundary and goes on with something else"));
        if (_expected == Expected.Body) _part = new(_headers, unread.Slice(0, at).ToArray());
        else _hasBareLines = !line.EndsWithReturn;
        (_headers, _headerBytes) = (new(), 0);
        _expected = line.Kind == DelimiterKind.Next ? Expected.Header : isEncoded ? Expected.EndOfCoding : Expected.Nothing;
        unread = unread.Slice(line.End);
        return true;
    }

    bool Fail(Problem problem)
    {
        (_problem, _expected) = (problem, Expected.Nothing);
        return true;
    }

    static bool StartsWith(in ReadOnlySequence<byte> text, ReadOnlySpan<byte> what) =>
        text.FirstSpan.Length >= what.Length ? text.FirstSpan.StartsWith(what) : new SequenceReader<byte>(text).IsNext(what);

    static long IndexOf(in ReadOnlySequence<byte> text, ReadOnlySpan<byte> what, long from)
    {
        // Most delimiters lie in the first segment.
        var near = from < text.FirstSpan.Length ? text.FirstSpan[(int)from..].IndexOf(what) : -1;
        if (near >= 0) return from + near;
        var reader = new SequenceReader<byte>(text);
        reader.Advance(from);
        return reader.TryReadTo(out ReadOnlySequence<byte> _, what, advancePastDelimiter: false) ? reader.Consumed : -1;
    }
}

/// <summary>The rest of a line that begins with a boundary: <c>--</c> at the end of all parts, then blanks (RFC 2046 section 5.1.1).</summary>
/// <param name="End">After the line, its end included.</param>
/// <param name="EndsWithReturn">The line ends with CRLF.</param>
readonly record struct DelimiterLine(DelimiterKind Kind, SequencePosition End, bool EndsWithReturn)
{
    public const int MaxPadding = 1 << 10;

    /// <param name="rest">The bytes after the boundary.</param>
    /// <param name="isLast"><paramref name="rest"/> is all: then the last delimiter needs no line end.</param>
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

enum DelimiterKind : byte
{
    /// <summary>The line is not complete.</summary>
    Incomplete,

    /// <summary>A part follows.</summary>
    Next,

    /// <summary>The last delimiter; anything after it is ignored.</summary>
    Last,

    /// <summary>Something else follows on the line: neither a delimiter nor a line of a body.</summary>
    Malformed,
}

/// <summary>The next part of a multiplexed body, or why there is none, or neither at the end.</summary>
/// <param name="Problem">The body breaks off or is malformed: nothing more can be read of it.</param>
readonly record struct PartRead(MultiplexPart? Part, Problem? Problem)
{
    public bool IsEnd => Part is null && Problem is null;
}

/// <summary>One whole part of a multiplexed body.</summary>
/// <param name="Body">The exact bytes, in memory of their own.</param>
sealed record MultiplexPart(PartHeaders Headers, ReadOnlyMemory<byte> Body)
{
    /// <summary>The part has no address: it answers the request (spec section 6).</summary>
    public bool IsAnswer => !PartHeaders.Addresses.Any(Headers.Has);
}
