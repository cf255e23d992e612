using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>Multiplexed bodies taken apart (RFC 2046 section 5.1; spec section 6).</summary>
public sealed class MultiplexReaderTests
{
    public static TheoryData<string> Good => [.. Bodies.Good];

    [Theory]
    [MemberData(nameof(Good))]
    public async Task A_body_means_the_same_wherever_it_is_cut(string body)
    {
        var (bytes, whole) = (Bodies.Bytes(body), ReferenceParser.Parse(body));
        Assert.True(whole.IsGood);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            await IsAsync(whole.Parts, new ChunkedPipe([bytes.AsMemory(0, cut), bytes.AsMemory(cut)]));
            await IsAsync(whole.Parts, new ChunkedPipe(Bodies.Chunks(bytes, cut + 1)));
        }
    }

    [Theory]
    [MemberData(nameof(Good))]
    public async Task A_body_that_breaks_off_at_any_byte_gives_the_whole_parts_before_and_says_so(string body)
    {
        var whole = ReferenceParser.Parse(body).Parts;
        var end = body.IndexOf("--b--", StringComparison.Ordinal) + "--b--".Length;
        for (var length = 0; length < body.Length; length++)
        {
            var ended = await Reading.OfAsync(body[..length]);
            var reset = await Reading.OfAsync(new ChunkedPipe([Bodies.Bytes(body[..length])], breaksOff: true));
            Assert.Equal(whole.Take(ended.Parts.Count), ended.Shown);
            Assert.Equal(length >= end, ended.Problem is null);
            Assert.Equal(whole.Take(reset.Parts.Count), reset.Shown);
            Assert.True(length >= end || reset.Problem!.Detail.Contains("breaks off", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("--b\r\n\r\none\r\n--b--", "one")]
    [InlineData("--b\r\n\r\n--b--", "")]
    [InlineData("--b\r\n\r\n\r\n--b--", "")]
    [InlineData("--b\r\n\r\n\r\n\r\n--b--", "\r\n")]
    [InlineData("--b\r\n\r\none\n--b\n\r\n--b--", "one\n--b\n")]
    [InlineData("--b\r\n\r\n--c\r\n-b\r\n --b\r\n--b--", "--c\r\n-b\r\n --b")]
    [InlineData("--b\r\n\r\na--b\r\n--b--", "a--b")]
    [InlineData("--b\n\none\r\n--b--", "one\r")]
    [InlineData("ignored\n--b\r\n\r\none\r\n--b--\r\n--b\r\n\r\nignored", "one")]
    [InlineData("--b \t \r\n\r\none\r\n--b-- \t", "one")]
    public async Task What_stands_between_delimiters_is_the_body_to_the_byte(string text, string body)
    {
        var reading = await Reading.OfAsync(text);
        Assert.Null(reading.Problem);
        Assert.Equal(body, Encoding.Latin1.GetString(Assert.Single(reading.Parts).Body.Span));
    }

    [Theory]
    [InlineData("--b\r\n\r\none\r\n--bb\r\n\r\ntwo\r\n--b--", "begins with the boundary")]
    [InlineData("--b\r\n\r\none\r\n--b-\r\n--b--", "begins with the boundary")]
    [InlineData("--b\r\n\r\none\r\n--b--x\r\n", "begins with the boundary")]
    [InlineData("--bb\r\n\r\none\r\n--b--", "begins with the boundary")]
    [InlineData("--b\r\nMailbox: a\r\n--b--\r\n", "do not end with an empty line")]
    [InlineData("--b\r\nno header\r\n\r\nx\r\n--b--", "is no header")]
    [InlineData("--b\r\n: a\r\n\r\nx\r\n--b--", "is no header")]
    [InlineData("--b\r\nMailbox : a\r\n\r\nx\r\n--b--", "is no header")]
    [InlineData("--b\r\n Mailbox: a\r\n\r\nx\r\n--b--", "is no header")]
    [InlineData("--b\r\nMailbox: a\rGroup: b\r\n\r\nx\r\n--b--", "control characters, or what is not UTF-8, in Mailbox")]
    [InlineData("--b\r\ntopic: \0\r\n\r\nx\r\n--b--", "control characters, or what is not UTF-8, in Topic")]
    [InlineData("--b\r\nX-Own: \u00ff\r\n\r\nx\r\n--b--", "control characters, or what is not UTF-8, in X-Own")]
    [InlineData("", "breaks off")]
    [InlineData("no delimiter\r\n", "breaks off")]
    public async Task What_is_malformed_is_named(string text, string fault)
    {
        var reading = await Reading.OfAsync(text);
        Assert.Contains(fault, reading.Problem!.Detail, StringComparison.Ordinal);
        Assert.Equal(400, reading.Problem.Kind.Status);
    }

    [Fact]
    public async Task Headers_have_bounds_in_number_and_size()
    {
        static string Part(string headers) => $"--b\r\n{headers}\r\nx\r\n--b--";
        var (many, line) = (string.Concat(Enumerable.Repeat("Mailbox: a\r\n", PartHeaders.MaxCount)), new string('x', PartHeaders.MaxBytes - 3));
        Assert.Equal(PartHeaders.MaxCount, (await Reading.OfAsync(Part(many))).Parts[0].Headers.All("mailbox").Count());
        Assert.Null((await Reading.OfAsync(Part($"x:{line}\r\n"))).Problem);
        foreach (var headers in (string[])[many + "Mailbox: a\r\n", $"x:{line}x\r\n", $"x:{line}\r\ny:\r\n", $"x:{line}x"])
            Assert.Equal(ProblemKinds.TooLarge, (await Reading.OfAsync(Part(headers))).Problem!.Kind);
    }

    [Fact]
    public async Task A_body_has_a_bound_that_is_found_before_its_end()
    {
        static string Part(int length) => $"--b\r\n\r\n{new string('x', length)}\r\n--b--";
        Assert.Null((await Reading.OfAsync(Part(Bodies.MaxBodyBytes))).Problem);
        Assert.Equal(ProblemKinds.TooLarge, (await Reading.OfAsync(Part(Bodies.MaxBodyBytes + 1))).Problem!.Kind);
        var endless = new ChunkedPipe(Endless("--b\r\n\r\n", "x"));
        Assert.Equal(ProblemKinds.TooLarge, (await Reading.OfAsync(endless)).Problem!.Kind);
        Assert.InRange(endless.MaxBuffered, 1, Bodies.MaxBodyBytes + 10);
    }

    [Fact]
    public async Task Blanks_after_a_boundary_have_a_bound()
    {
        var endless = new ChunkedPipe(Endless("--b", " "));
        Assert.NotNull((await Reading.OfAsync(endless)).Problem);
        Assert.InRange(endless.MaxBuffered, 1, DelimiterLine.MaxPadding + 10);
    }

    [Fact]
    public async Task A_hundred_thousand_parts_are_never_more_than_one_chunk_and_one_part_in_memory()
    {
        const int parts = 100_000;
        const int chunk = 4096;
        var part = Bodies.Bytes("--b\r\nMailbox: a\r\nContent-Type: text/x\r\n\r\n" + new string('x', Bodies.MaxBodyBytes) + "\r\n");
        var pipe = new ChunkedPipe(Rechunked(Enumerable.Repeat(part, parts).Append(Bodies.Bytes("--b--")), chunk));
        var reader = new MultiplexReader(pipe, Bodies.Boundary, Bodies.MaxBodyBytes);
        var read = 0;
        while ((await reader.ReadAsync(TestContext.Current.CancellationToken)).Part is not null) read++;
        Assert.Equal(parts, read);
        Assert.InRange(pipe.MaxBuffered, chunk, chunk + part.Length);
    }

    [Fact]
    public async Task A_preamble_of_any_length_is_not_kept()
    {
        var (line, end) = (Bodies.Bytes(new string('-', 1000)), Bodies.Bytes("\r\n--b\r\n\r\nx\r\n--b--"));
        var pipe = new ChunkedPipe(Enumerable.Repeat((ReadOnlyMemory<byte>)line, 1000).Append(end));
        var reading = await Reading.OfAsync(pipe);
        Assert.Single(reading.Parts);
        Assert.Equal(line.Length, pipe.MaxBuffered);
    }

    [Fact]
    public async Task A_part_is_there_as_soon_as_its_delimiters_line_is()
    {
        var pipe = new Pipe();
        var reader = new MultiplexReader(pipe.Reader, Bodies.Boundary, Bodies.MaxBodyBytes);
        await pipe.Writer.WriteAsync(Bodies.Bytes("--b\r\nMailbox: a\r\n\r\none\r\n--b"), TestContext.Current.CancellationToken);
        var first = reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(first.IsCompleted);
        await pipe.Writer.WriteAsync(Bodies.Bytes("\r\n"), TestContext.Current.CancellationToken);
        Assert.Equal("a", Assert.Single((await first.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken)).Part!.Headers.All("Mailbox")));
    }

    [Fact]
    public async Task A_reading_that_was_cancelled_can_go_on()
    {
        var pipe = new Pipe();
        var reader = new MultiplexReader(pipe.Reader, Bodies.Boundary, Bodies.MaxBodyBytes);
        await pipe.Writer.WriteAsync(Bodies.Bytes("--b\r\nMailbox: a\r\n\r\no"), TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource();
        var reading = reader.ReadAsync(patience.Token).AsTask();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await pipe.Writer.WriteAsync(Bodies.Bytes("ne\r\n--b--\r\n"), TestContext.Current.CancellationToken);
        Assert.Equal("one", Encoding.ASCII.GetString((await reader.ReadAsync(TestContext.Current.CancellationToken)).Part!.Body.Span));
    }

    static async Task IsAsync(List<string> parts, ChunkedPipe pipe)
    {
        var reading = await Reading.OfAsync(pipe);
        Assert.Null(reading.Problem);
        Assert.Equal(parts, reading.Shown);
    }

    static IEnumerable<ReadOnlyMemory<byte>> Endless(string first, string then)
    {
        yield return Bodies.Bytes(first);
        while (true) yield return Bodies.Bytes(then);
    }

    static IEnumerable<ReadOnlyMemory<byte>> Rechunked(IEnumerable<byte[]> pieces, int size)
    {
        var chunk = new ArrayBufferWriter<byte>();
        foreach (var piece in pieces)
        {
            chunk.Write(piece);
            if (chunk.WrittenCount < size) continue;
            yield return chunk.WrittenSpan[..size].ToArray();
            var rest = chunk.WrittenSpan[size..].ToArray();
            chunk = new();
            chunk.Write(rest);
        }
        yield return chunk.WrittenMemory;
    }
}
