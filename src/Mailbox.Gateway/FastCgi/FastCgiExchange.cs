namespace Mailbox.Gateway;

/// <summary>One request and its answer on a connection, which they have for themselves.</summary>
sealed class FastCgiExchange(FastCgiPool pool, FastCgiConnection connection, FastCgiOutput output, FastCgiSending sending)
{
    const int DrainBytes = 4 << 10;

    public FastCgiOutput Output => output;

    public async ValueTask<FastCgiAnswer> BeginAsync(ReadOnlyMemory<byte> begin, CancellationToken cancel)
    {
        _ = sending.RunAsync(begin);
        try
        {
            var head = await CgiHead.ReadAsync(output, cancel).ConfigureAwait(false);
            pool.Heard(connection);
            return new(this, head);
        }
        catch
        {
            Break();
            throw;
        }
    }

    /// <summary>The connection goes back where it can carry another request; otherwise the application is told to stop.</summary>
    public async ValueTask EndAsync()
    {
        if (!output.IsEnded) await DrainAsync().ConfigureAwait(false);
        if (output.IsEnded && sending.IsComplete) pool.Return(connection);
        else Break();
    }

    // An answer that has no body for the client has ended with its head, and its end has come with it.
    async ValueTask DrainAsync()
    {
        var drained = new byte[DrainBytes];
        while (true)
        {
            var reading = output.ReadAsync(drained).AsTask();
            if (!reading.IsCompleted) Break();
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!reading.IsCompletedSuccessfully || await reading.ConfigureAwait(false) == 0) return;
        }
    }

    void Break()
    {
        pool.Heard(connection);
        sending.Break();
    }
}
