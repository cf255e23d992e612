using System.Net.Security;
using System.Net.Sockets;

namespace Mailbox.Gateway;

/// <summary>Makes connections to an application that speaks HTTP, through TLS where its URL says so.</summary>
sealed class BackendConnector(Uri url)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(url.IdnHost, url.Port, cancel).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return new BackendConnection(socket, url.Scheme == Uri.UriSchemeHttps ? await SecureAsync(stream, cancel).ConfigureAwait(false) : stream);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    async Task<Stream> SecureAsync(NetworkStream stream, CancellationToken cancel)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.IdnHost }, cancel).ConfigureAwait(false);
        return tls;
    }
}
