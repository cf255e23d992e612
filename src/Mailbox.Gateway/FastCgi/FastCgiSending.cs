using System.Buffers;

namespace Mailbox.Gateway;

/// <summary>A request on its way: what begins it, then its body while it comes.</summary>
sealed class FastCgiSending(FastCgiConnection connection, FastCgiBody? body)
{
    const int BufferBytes = 32 << 10;

    volatile bool _isComplete;

    /// <summary>Whether all was sent: the connection can carry something else.</summary>
    public bool IsComplete => _isComplete;

    /// <summary>Never throws. What the application does not want to read is forgotten: it may answer all the same.</summary>
    public async Task RunAsync(ReadOnlyMemory<byte> begin)
    {
        try
        {
            await connection.WriteAsync(begin, CancellationToken.None).ConfigureAwait(false);
            if (body is not null) await SendBodyAsync(body).ConfigureAwait(false);
            _isComplete = true;
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or OperationCanceledException)
        {
        }
        finally
        {
            if (body is not null) await body.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the connection, and the application's work with it.</summary>
    public void Break()
    {
        if (_isComplete) connection.Abort();
        else connection.Dispose();
    }

    async Task SendBodyAsync(FastCgiBody body)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var left = body.Length; left > 0;)
            {
                var read = await ReadAsync(body.Content, buffer.AsMemory(FastCgiRecord.HeadBytes, (int)Math.Min(left, BufferBytes - 2 * FastCgiRecord.HeadBytes))).ConfigureAwait(false);
                left -= read;
                await connection.WriteAsync(buffer.AsMemory(0, Frame(buffer, read, isLast: left == 0)), CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A body that breaks off must not look whole to the application, which has been told its length.
    async ValueTask<int> ReadAsync(Stream content, Memory<byte> into)
    {
        try
        {
            return await content.ReadAsync(into, CancellationToken.None).ConfigureAwait(false) is > 0 and var read ? read : throw new EndOfStreamException();
        }
        catch
        {
            connection.End();
            throw;
        }
    }

    static int Frame(Span<byte> buffer, int length, bool isLast)
    {
        new FastCgiRecord(FastCgiType.StandardInput, length).Write(buffer);
        var end = FastCgiRecord.HeadBytes + length;
        if (!isLast) return end;
        new FastCgiRecord(FastCgiType.StandardInput, 0).Write(buffer[end..]);
        return end + FastCgiRecord.HeadBytes;
    }
}
