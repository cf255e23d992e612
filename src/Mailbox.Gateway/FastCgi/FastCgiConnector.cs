using System.Net.Sockets;

namespace Mailbox.Gateway;

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
