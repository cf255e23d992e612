namespace Mailbox.Gateway;

/// <summary>
/// The body of an answer with a <c>Content-Length</c>: it ends there, whatever follows (RFC 9112 section 6.3), and a shorter one has
/// broken off.
/// </summary>
/// <param name="first">Its bytes that were read before <paramref name="rest"/>.</param>
/// <param name="length">Null where it ends with <paramref name="rest"/>.</param>
/// <param name="readsToEnd">Whether to read <paramref name="rest"/> to its end first, so that an application that writes on is not disturbed.</param>
sealed class MeasuredBody(ReadOnlyMemory<byte> first, Stream rest, long? length, bool readsToEnd) : ForwardStream
{
    const int DropBytes = 4 << 10;

    ReadOnlyMemory<byte> _first = first;
    long _left = length ?? long.MaxValue;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        if (_left == 0)
        {
            var dropped = new byte[readsToEnd ? DropBytes : 0];
            try
            {
                while (readsToEnd && await rest.ReadAsync(dropped, cancellationToken).ConfigureAwait(false) > 0) { }
            }
            catch (IOException)
            {
                // The answer is whole, however the application ends.
            }
            return 0;
        }
        if (buffer.Length > _left) buffer = buffer[..(int)_left];
        int read;
        if (_first.IsEmpty) read = await rest.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        else
        {
            read = Math.Min(buffer.Length, _first.Length);
            _first[..read].CopyTo(buffer);
            _first = _first[read..];
        }
        if (read == 0 && length is not null) throw new BackendException(BackendFault.Broken, "The application's answer is shorter than its Content-Length.");
        _left -= read;
        return read;
    }
}

/// <summary>A stream that is read asynchronously and forward. All other operations throw, unless a subclass adds them.</summary>
abstract class ForwardStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
