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

    /// <summary>Whether bytes ever came from the application. Until then the connection may be waiting to be accepted.</summary>
    public bool WasHeard { get; set; }

    /// <summary>A timestamp of when its last request ended.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether nothing can be read, not even its end: then the next request may use it.</summary>
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

    /// <summary>Tells the application to abort, and ends the connection. Not while something is being written.</summary>
    public void Abort()
    {
        Span<byte> record = stackalloc byte[FastCgiRecord.HeadBytes];
        new FastCgiRecord(FastCgiType.AbortRequest, 0).Write(record);
        try
        {
            // An application that does not read finds only the end of the connection.
            socket.Blocking = false;
            socket.Send(record);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
        }
        Dispose();
    }

    /// <summary>Ends the connection for both sides. A pending read finds the end, and its caller disposes of the connection.</summary>
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

/// <summary>
/// Idle connections. An application such as php-fpm gives each connection a worker for as long as it lives, so an idle connection takes a
/// worker from waiting ones: none is kept while one has not been accepted.
/// </summary>
sealed class FastCgiPool : IDisposable
{
    const int MaxIdle = 256;

    readonly Lock _gate = new();
    readonly Stack<FastCgiConnection> _idle = new();
    readonly Func<CancellationToken, ValueTask<FastCgiConnection>> _connect;
    readonly TimeSpan _keep;
    readonly TimeProvider _time;
    readonly ITimer? _sweep;
    int _unheard;
    bool _isClosed;

    /// <param name="keep">How long an idle connection is kept; zero keeps none.</param>
    public FastCgiPool(Func<CancellationToken, ValueTask<FastCgiConnection>> connect, TimeSpan keep, TimeProvider time)
    {
        (_connect, _keep, _time) = (connect, keep, time);
        if (keep > TimeSpan.Zero) _sweep = time.CreateTimer(static pool => ((FastCgiPool)pool!).Sweep(), this, keep / 2, keep / 2);
    }

    public bool Keeps => _keep > TimeSpan.Zero;

    /// <summary>An idle connection, or a new one.</summary>
    public async ValueTask<FastCgiConnection> TakeAsync(CancellationToken cancel)
    {
        if (TakeIdle() is { } idle) return idle;
        try
        {
            return await _connect(cancel).ConfigureAwait(false);
        }
        catch
        {
            lock (_gate) _unheard--;
            throw;
        }
    }

    /// <summary>The application has sent something on it: it was accepted.</summary>
    public void Heard(FastCgiConnection connection)
    {
        if (connection.WasHeard) return;
        connection.WasHeard = true;
        lock (_gate) _unheard--;
    }

    /// <summary>Its request has ended properly: keeps or closes it.</summary>
    public void Return(FastCgiConnection connection)
    {
        Heard(connection);
        connection.IdleSince = _time.GetTimestamp();
        lock (_gate)
        {
            if (Keeps && !_isClosed && _unheard == 0 && _idle.Count < MaxIdle)
            {
                _idle.Push(connection);
                return;
            }
        }
        connection.Dispose();
    }

    /// <summary>Closes the idle connections, because the application was restarted.</summary>
    public void Clear()
    {
        lock (_gate)
            while (_idle.TryPop(out var connection)) connection.Dispose();
    }

    public void Dispose()
    {
        lock (_gate) _isClosed = true;
        _sweep?.Dispose();
        Clear();
    }

    // A new connection counts as unheard from here on: no other may be kept between the look into the stack and the connect.
    FastCgiConnection? TakeIdle()
    {
        lock (_gate)
        {
            while (_idle.TryPop(out var connection))
            {
                if (connection.IsAtRest) return connection;
                connection.Dispose();
            }
            _unheard++;
            return null;
        }
    }

    void Sweep()
    {
        lock (_gate)
        {
            var kept = _idle.Where(one => _time.GetElapsedTime(one.IdleSince) < _keep).Reverse().ToList();
            foreach (var old in _idle.Except(kept)) old.Dispose();
            _idle.Clear();
            foreach (var one in kept) _idle.Push(one);
        }
    }
}
