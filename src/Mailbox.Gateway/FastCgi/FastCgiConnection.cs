using System.Net.Sockets;

namespace Mailbox.Gateway;

/// <summary>A connection to an application that speaks FastCGI; carries one request at a time.</summary>
sealed class FastCgiConnection(Socket socket) : IDisposable
{
    const int BufferBytes = 16 << 10;

    readonly NetworkStream _stream = new(socket, ownsSocket: true);
    readonly byte[] _buffer = new byte[BufferBytes];
    int _start;
    int _end;

    /// <summary>Whether an application ever said something on it. Until then it may be waiting for one to take it.</summary>
    public bool WasHeard { get; set; }

    /// <summary>A timestamp of when its last request ended.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether nothing is there to be read, not even its end: the next request may use it.</summary>
    public bool IsAtRest => _start == _end && !socket.Poll(0, SelectMode.SelectRead);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => _stream.WriteAsync(bytes, cancel);

    /// <returns>Null where the connection ended before it.</returns>
    public async ValueTask<FastCgiRecord?> ReadRecordAsync(CancellationToken cancel)
    {
        while (_end - _start < FastCgiRecord.HeadBytes)
            if (!await FillAsync(cancel).ConfigureAwait(false)) return _start == _end ? null : throw BrokenOff();
        var record = FastCgiRecord.Read(_buffer.AsSpan(_start));
        _start += FastCgiRecord.HeadBytes;
        return record;
    }

    /// <summary>Reads at least one byte.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancel)
    {
        if (_start == _end && into.Length >= BufferBytes)
            return await _stream.ReadAsync(into, cancel).ConfigureAwait(false) is > 0 and var direct ? direct : throw BrokenOff();
        if (_start == _end && !await FillAsync(cancel).ConfigureAwait(false)) throw BrokenOff();
        var read = Math.Min(into.Length, _end - _start);
        _buffer.AsMemory(_start, read).CopyTo(into);
        _start += read;
        return read;
    }

    public async ValueTask ReadExactlyAsync(Memory<byte> into, CancellationToken cancel)
    {
        while (into.Length > 0) into = into[await ReadAsync(into, cancel).ConfigureAwait(false)..];
    }

    public async ValueTask SkipAsync(int bytes, CancellationToken cancel)
    {
        while (bytes > 0)
        {
            if (_start == _end && !await FillAsync(cancel).ConfigureAwait(false)) throw BrokenOff();
            var skipped = Math.Min(bytes, _end - _start);
            _start += skipped;
            bytes -= skipped;
        }
    }

    /// <summary>Tells the application that its answer is not wanted any more, and ends the connection. Not while something is being written.</summary>
    public void Abort()
    {
        Span<byte> record = stackalloc byte[FastCgiRecord.HeadBytes];
        new FastCgiRecord(FastCgiType.AbortRequest, 0).Write(record);
        try
        {
            // An application that does not read is told by the end of the connection alone.
            socket.Blocking = false;
            socket.Send(record);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
        }
        Dispose();
    }

    /// <summary>Ends the connection for both sides. Whoever reads it meanwhile finds its end, and disposes of it.</summary>
    public void End()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
        }
    }

    public void Dispose() => _stream.Dispose();

    static BackendException BrokenOff() => new(BackendFault.Broken, "The application broke its FastCGI connection off.");

    async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancel).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }
}
