using System.Buffers.Binary;

namespace Mailbox.Gateway;

/// <summary>The standard output of one request, taken out of its records while they come.</summary>
sealed class FastCgiOutput(FastCgiConnection connection, FastCgiErrors errors) : ReadOnlyStream
{
    const int EndBytes = 8;

    int _left;
    int _padding;
    bool _isClosed;

    /// <summary>Whether anything of an answer came.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the application has said that the request is done.</summary>
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

    async ValueTask<bool> NextAsync(CancellationToken cancel)
    {
        await connection.SkipAsync(_padding, cancel).ConfigureAwait(false);
        _padding = 0;
        // Some applications close the connection instead of ending the request; their output must have been ended.
        if (await connection.ReadRecordAsync(cancel).ConfigureAwait(false) is not { } record)
            return _isClosed ? false : throw new BackendException(BackendFault.Broken, "The application ended the connection without an end of its answer.");
        HasBegun = true;
        await TakeAsync(record, cancel).ConfigureAwait(false);
        return true;
    }

    ValueTask TakeAsync(FastCgiRecord record, CancellationToken cancel)
    {
        _padding = record.Padding;
        switch (record.Type)
        {
            case FastCgiType.StandardOutput when !_isClosed:
                _left = record.Length;
                _isClosed = _left == 0;
                return ValueTask.CompletedTask;
            case FastCgiType.StandardError:
                return errors.ReadAsync(connection, record.Length, cancel);
            case FastCgiType.EndRequest when record.Length >= EndBytes:
                return EndAsync(record, cancel);
            default:
                throw new BackendException(BackendFault.Broken, $"The application sent a FastCGI record that has no place here: type {(int)record.Type}.");
        }
    }

    async ValueTask EndAsync(FastCgiRecord record, CancellationToken cancel)
    {
        var end = new byte[EndBytes];
        await connection.ReadExactlyAsync(end, cancel).ConfigureAwait(false);
        await connection.SkipAsync(record.Length - EndBytes + record.Padding, cancel).ConfigureAwait(false);
        _padding = 0;
        if (end[4] != 0) throw new BackendException(BackendFault.Broken, $"The application refused the request (FastCGI status {end[4]}, code {BinaryPrimitives.ReadInt32BigEndian(end)}).");
        IsEnded = true;
    }
}
