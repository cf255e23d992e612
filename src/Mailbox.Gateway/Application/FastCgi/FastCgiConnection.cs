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

/// <summary>Makes connections to an application that speaks FastCGI: <c>fastcgi://HOST:PORT</c>, or <c>fastcgi:///PATH</c> of a Unix socket.</summary>
sealed class FastCgiConnector(Uri url, TimeSpan limit, TimeProvider time)
{
    /// <exception cref="BackendException">It cannot be reached, or not in time.</exception>
    public async ValueTask<FastCgiConnection> ConnectAsync(CancellationToken cancel)
    {
        using var patience = new Patience(limit, time, cancel);
        var socket = SocketOf();
        try
        {
            await ConnectAsync(socket, patience.Token).ConfigureAwait(false);
            return new(socket);
        }
        catch (Exception fault)
        {
            socket.Dispose();
            if (fault is SocketException) throw new BackendException(BackendFault.Unreachable, fault.Message, fault);
            if (fault is OperationCanceledException && !cancel.IsCancellationRequested) throw new BackendException(BackendFault.TimedOut, "The application does not take connections.", fault);
            throw;
        }
    }

    Socket SocketOf() => url.Host.Length == 0
        ? new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    ValueTask ConnectAsync(Socket socket, CancellationToken cancel) => url.Host.Length == 0
        ? socket.ConnectAsync(new UnixDomainSocketEndPoint(Uri.UnescapeDataString(url.AbsolutePath)), cancel)
        : socket.ConnectAsync(url.IdnHost, url.Port, cancel);
}

/// <summary>
/// The connections that wait for their next request. An application such as php-fpm gives each connection a worker for as long as it lives,
/// so what is kept here is taken from the others: a connection that nobody has taken yet goes before keeping one.
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

    /// <param name="keep">How long a connection waits for its next request; zero for none is kept.</param>
    public FastCgiPool(Func<CancellationToken, ValueTask<FastCgiConnection>> connect, TimeSpan keep, TimeProvider time)
    {
        (_connect, _keep, _time) = (connect, keep, time);
        if (keep > TimeSpan.Zero) _sweep = time.CreateTimer(static pool => ((FastCgiPool)pool!).Sweep(), this, keep / 2, keep / 2);
    }

    public bool Keeps => _keep > TimeSpan.Zero;

    /// <summary>One that waits, or else a new one.</summary>
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

    /// <summary>An application speaks on it.</summary>
    public void Heard(FastCgiConnection connection)
    {
        if (connection.WasHeard) return;
        connection.WasHeard = true;
        lock (_gate) _unheard--;
    }

    /// <summary>Its request ended as it should.</summary>
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

    /// <summary>Ends those that wait: the application was started anew, and has forgotten them.</summary>
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

    // A new connection counts as unheard from here: between a look into the stack and its making another must not be put there.
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
