namespace Mailbox.Gateway;

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
