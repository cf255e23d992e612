using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>One request and its answer, on a connection of their own.</summary>
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

    /// <summary>
    /// Returns the connection to the pool where it can carry another request; otherwise breaks it off, which stops the application.
    /// </summary>
    public async ValueTask EndAsync()
    {
        if (!output.IsEnded) await DrainAsync().ConfigureAwait(false);
        if (output.IsEnded && sending.IsComplete) pool.Return(connection);
        else Break();
    }

    // An answer without a body has ended with its head, and its end has arrived with it.
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

/// <summary>The standard output of one request, read from its records while they arrive.</summary>
sealed class FastCgiOutput(FastCgiConnection connection, ILogger log) : ForwardStream
{
    const int EndBytes = 8;
    const int MaxErrorBytes = 16 << 10;

    int _left;
    int _padding;
    int _errorRoom = MaxErrorBytes;
    bool _isClosed;

    /// <summary>Whether any record has come.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the application has ended the request.</summary>
    public bool IsEnded { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        while (_left == 0)
            if (IsEnded || !await NextAsync(cancellationToken).ConfigureAwait(false)) return 0;
        var read = await connection.ReadAsync(buffer[..Math.Min(buffer.Length, _left)], cancellationToken).ConfigureAwait(false);
        _left -= read;
        return read;
    }

    /// <summary>Reads the head of the next record, and the whole record where it is no output.</summary>
    /// <returns>False at the end of the connection.</returns>
    async ValueTask<bool> NextAsync(CancellationToken cancel)
    {
        await connection.SkipAsync(_padding, cancel).ConfigureAwait(false);
        _padding = 0;
        // Some applications close the connection instead of ending the request; their output must have ended.
        if (await connection.ReadRecordAsync(cancel).ConfigureAwait(false) is not { } record)
            return _isClosed ? false : throw new BackendException(BackendFault.Broken, "The application ended the connection without an end of its answer.");
        HasBegun = true;
        _padding = record.Padding;
        switch (record.Type)
        {
            case FastCgiType.StandardOutput when !_isClosed:
                _left = record.Length;
                _isClosed = _left == 0;
                break;
            case FastCgiType.StandardError:
                await LogErrorsAsync(record.Length, cancel).ConfigureAwait(false);
                break;
            case FastCgiType.EndRequest when record.Length >= EndBytes:
                var end = new byte[EndBytes];
                await connection.ReadExactlyAsync(end, cancel).ConfigureAwait(false);
                await connection.SkipAsync(record.Length - EndBytes + record.Padding, cancel).ConfigureAwait(false);
                _padding = 0;
                if (end[4] != 0) throw new BackendException(BackendFault.Broken, $"The application refused the request (FastCGI status {end[4]}, code {BinaryPrimitives.ReadInt32BigEndian(end)}).");
                IsEnded = true;
                break;
            default:
                throw new BackendException(BackendFault.Broken, $"The application sent a FastCGI record that has no place here: type {(int)record.Type}.");
        }
        return true;
    }

    // The standard error of one request, up to a bound. A control character would break the log's line.
    async ValueTask LogErrorsAsync(int length, CancellationToken cancel)
    {
        var errors = new byte[Math.Min(length, _errorRoom)];
        await connection.ReadExactlyAsync(errors, cancel).ConfigureAwait(false);
        await connection.SkipAsync(length - errors.Length, cancel).ConfigureAwait(false);
        _errorRoom -= errors.Length;
        foreach (var line in Encoding.UTF8.GetString(errors).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            log.ApplicationSaid(string.Concat(line.Select(static letter => char.IsControl(letter) ? ' ' : letter)));
        if (_errorRoom == 0 && errors.Length > 0) log.ApplicationSaysTooMuch(MaxErrorBytes);
    }
}

/// <summary>Sends a request: the records that begin it, then its body while it arrives.</summary>
sealed class FastCgiSending(FastCgiConnection connection, FastCgiBody? body)
{
    const int BufferBytes = 32 << 10;

    volatile bool _isComplete;

    /// <summary>Whether all was sent: then the connection can carry another request.</summary>
    public bool IsComplete => _isComplete;

    /// <summary>Never throws. A failed write is ignored, because the application may answer without reading.</summary>
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
                new FastCgiRecord(FastCgiType.StandardInput, read).Write(buffer);
                var end = FastCgiRecord.HeadBytes + read;
                if (left == 0)
                {
                    new FastCgiRecord(FastCgiType.StandardInput, 0).Write(buffer.AsSpan(end));
                    end += FastCgiRecord.HeadBytes;
                }
                await connection.WriteAsync(buffer.AsMemory(0, end), CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A body that breaks off must not look whole to the application, which knows its length.
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
}

static partial class FastCgiOutputLog
{
    [LoggerMessage(2031, LogLevel.Warning, "The application says: {Line}")]
    public static partial void ApplicationSaid(this ILogger log, string line);

    [LoggerMessage(2032, LogLevel.Warning, "The application said more than {Bytes} bytes of errors in one request; the rest is left out.")]
    public static partial void ApplicationSaysTooMuch(this ILogger log, int bytes);
}
