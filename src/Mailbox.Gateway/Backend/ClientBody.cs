namespace Mailbox.Gateway;

/// <summary>
/// A client's body on its way to the application. Whoever sends it may still be reading when the application has answered already; after
/// <see cref="CloseAsync"/> nobody reads from the client's connection any more.
/// </summary>
sealed class ClientBody(Stream body, Patience patience) : ReadOnlyStream
{
    readonly Lock _gate = new();
    readonly CancellationTokenSource _closed = new();
    Task<int> _reading = Task.FromResult(0);

    /// <summary>Why it could not be read to its end.</summary>
    public Exception? Fault { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            _closed.Token.ThrowIfCancellationRequested();
            var read = ReadFromClientAsync(buffer);
            if (read.IsCompleted) return read;
            return new(_reading = read.AsTask());
        }
    }

    /// <summary>Returns when the last read has ended.</summary>
    public async ValueTask CloseAsync()
    {
        Task<int> last;
        lock (_gate)
        {
            _closed.Cancel();
            last = _reading;
        }
        await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closed.Dispose();
    }

    async ValueTask<int> ReadFromClientAsync(Memory<byte> buffer)
    {
        try
        {
            var read = await body.ReadAsync(buffer, _closed.Token).ConfigureAwait(false);
            patience.Renew();
            return read;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Fault = fault;
            throw;
        }
    }
}
