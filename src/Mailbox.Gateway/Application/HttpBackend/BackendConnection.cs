using System.Net.Security;
using System.Net.Sockets;

namespace Mailbox.Gateway;

/// <summary>
/// A connection to an application that ignores failed writes: an application may answer and close before it has read a body, and then its
/// answer counts. Where there is none, the next read fails.
/// </summary>
/// <param name="socket">The socket below <paramref name="inner"/>.</param>
sealed class BackendConnection(Socket socket, Stream inner) : ForwardStream
{
    bool _isBroken;

    /// <summary>Whether it has carried an earlier request.</summary>
    public bool WasUsed { get; set; }

    public override bool CanWrite => true;

    /// <summary>Connects to an application that speaks HTTP, through TLS where its URL says so.</summary>
    public static async ValueTask<Stream> ConnectAsync(Uri url, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(url.IdnHost, url.Port, cancel).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (url.Scheme != Uri.UriSchemeHttps) return new BackendConnection(socket, stream);
            var tls = new SslStream(stream);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.IdnHost }, cancel).ConfigureAwait(false);
            return new BackendConnection(socket, tls);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        BackendAttempts.Current?.WriteTo(this);
        if (_isBroken) return ValueTask.CompletedTask;
        var write = inner.WriteAsync(buffer, cancellationToken);
        return write.IsCompletedSuccessfully ? write : ForgivingAsync(write);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _isBroken ? Task.CompletedTask : inner.FlushAsync(cancellationToken);

    /// <summary>Closes this side only: the application can still write.</summary>
    public async ValueTask EndWritingAsync(CancellationToken cancel)
    {
        try
        {
            if (inner is SslStream tls) await tls.ShutdownAsync().WaitAsync(cancel).ConfigureAwait(false);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is IOException or SocketException or ObjectDisposedException)
        {
            // The next read fails.
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    async ValueTask ForgivingAsync(ValueTask write)
    {
        try
        {
            await write.ConfigureAwait(false);
        }
        catch (IOException)
        {
            _isBroken = true;
        }
    }
}

/// <summary>
/// Bounds the repeats of one request. The handler chooses the connections, and repeats a request without a body up to three times by
/// itself. This allows one repeat, and only after a kept connection, which the application may have closed before it saw the request (RFC
/// 9110 section 9.2.2, RFC 9112 section 9.3.1). Flows with the request's own writes.
/// </summary>
sealed class BackendAttempts
{
    static readonly AsyncLocal<BackendAttempts?> s_current = new();

    bool _isRepeated;
    bool _wasKept;

    public static BackendAttempts? Current => s_current.Value;

    /// <summary>The connection that the request was last written to.</summary>
    public BackendConnection? Connection { get; private set; }

    /// <summary>Covers the requests that the calling method sends.</summary>
    public static BackendAttempts Begin() => s_current.Value = new();

    /// <exception cref="InvalidOperationException">The request must not be sent again. Of an <see cref="IOException"/> the handler would try once more.</exception>
    public void WriteTo(BackendConnection connection)
    {
        if (connection == Connection) return;
        if (Connection is not null && (_isRepeated || !_wasKept)) throw new InvalidOperationException("The application ended the connection without an answer.");
        _isRepeated = Connection is not null;
        (Connection, _wasKept, connection.WasUsed) = (connection, connection.WasUsed, true);
    }
}
