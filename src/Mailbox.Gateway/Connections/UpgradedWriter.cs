using System.Buffers;
using System.IO.Pipelines;

namespace Mailbox.Gateway;

/// <summary>
/// What is written to a stream that the server gives in place of a response, which has no pipe of its own. Memory is rented from the first
/// byte on until it has been flushed.
/// </summary>
sealed class UpgradedWriter(Stream stream) : PipeWriter
{
    const int FirstRent = 512;

    byte[] _buffer = [];
    int _length;

    public override void Advance(int bytes) => _length += bytes;

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length - _length < Math.Max(sizeHint, 1)) Grow(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_length == 0) return default;
        var write = stream.WriteAsync(_buffer.AsMemory(0, _length), cancellationToken);
        if (!write.IsCompletedSuccessfully) return EndAsync(write);
        write.GetAwaiter().GetResult();
        Return();
        return default;
    }

    async ValueTask<FlushResult> EndAsync(ValueTask write)
    {
        try
        {
            await write.ConfigureAwait(false);
            return default;
        }
        finally
        {
            Return();
        }
    }

    void Grow(int sizeHint)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstRent, Math.Max(_length * 2, _length + sizeHint)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    void Return()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length) = ([], 0);
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }
}
