using System.Buffers;
using System.IO.Pipelines;

namespace Mailbox.Gateway;

/// <summary>
/// A body whose lines end with a bare LF, as scripts and editors write it, read as if they ended with CRLF: that is what parts are
/// (RFC 2046), and nothing else takes them apart. <see cref="Restore"/> makes what was read as it was sent.
/// </summary>
sealed class BareLines(PipeReader body) : Stream
{
    const int LongestFirstLine = 16 << 10;

    bool _hasReturned;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Whether the first line ends so. Takes nothing.</summary>
    public static async ValueTask<bool> AreInAsync(PipeReader body)
    {
        while (true)
        {
            var read = await body.ReadAsync().ConfigureAwait(false);
            var (buffer, end) = (read.Buffer, read.Buffer.PositionOf((byte)'\n'));
            var isLast = end is not null || read.IsCompleted || buffer.Length > LongestFirstLine;
            var isBare = end is { } line && !EndsWithReturn(buffer.Slice(0, line));
            body.AdvanceTo(buffer.Start, isLast ? buffer.Start : buffer.End);
            if (isLast) return isBare;
        }
    }

    public static byte[] Restore(ReadOnlySpan<byte> read)
    {
        var (sent, length) = (new byte[read.Length - read.Count("\r\n"u8)], 0);
        for (var i = 0; i < read.Length; i++)
            if (read[i] != '\r' || i + 1 == read.Length || read[i + 1] != '\n') sent[length++] = read[i];
        return sent;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
        var (taken, written) = Copy(read.Buffer, buffer.Span);
        body.AdvanceTo(read.Buffer.GetPosition(taken));
        return written;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    static bool EndsWithReturn(in ReadOnlySequence<byte> line) => line.Length > 0 && line.Slice(line.Length - 1).FirstSpan[0] == '\r';

    (long Taken, int Written) Copy(in ReadOnlySequence<byte> from, Span<byte> into)
    {
        var (taken, written) = (0L, 0);
        foreach (var segment in from)
            foreach (var one in segment.Span)
            {
                if (written == into.Length) return (taken, written);
                if (one == '\n' && !_hasReturned)
                {
                    into[written++] = (byte)'\r';
                    _hasReturned = true;
                    if (written == into.Length) return (taken, written);
                }
                into[written++] = one;
                taken++;
                _hasReturned = false;
            }
        return (taken, written);
    }
}
